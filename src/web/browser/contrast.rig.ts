/** Contrast of text as WCAG 2 defines it, of what the browser really uses. */

export interface LowContrast {
  readonly text: string;
  readonly ratio: number;
  readonly needed: number;
}

/**
 * Runs in the page, and is self-contained.
 * @returns every visible text below level AA: 4.5:1, or 3:1 when it is large
 */
export function lowContrast(): LowContrast[] {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
  /** Paints the colours one over the other, as the browser does, whatever notation they are in. */
  const paint = (colours: readonly string[]): number[] => {
    for (const colour of colours) {
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
    }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (colour: readonly number[]): number => {
    const [r = 0, g = 0, b = 0] = colour.map((each) => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const grounds = (element: Element | null): string[] =>
    element === null ? ['white'] : [...grounds(element.parentElement), getComputedStyle(element).backgroundColor];

  const found: LowContrast[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent?.trim() ?? '';
    const element = walker.currentNode.parentElement!;
    if (text === '' || !element.checkVisibility() || element.closest('script') !== null) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const under = grounds(element);
    const [ink, ground] = [luminance(paint([...under, color])), luminance(paint(under))];
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    const px = Number.parseFloat(fontSize);
    const needed = px >= 24 || (px >= 18.66 && Number(fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < needed) found.push({ text: text.slice(0, 40), ratio, needed });
  }
  return found;
}
