/** Small plots as inline SVG: no script, nothing to load. Pure. */

export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly bottom: number;
}

export const scale = (value: number, fromLow: number, fromHigh: number, toLow: number, toHigh: number): number =>
  toLow + ((value - fromLow) / (fromHigh - fromLow || 1)) * (toHigh - toLow);

/** Counts and times over decades: a single worst one must be seen beside thousands. */
export const logScale = (value: number, high: number, toLow: number, toHigh: number): number =>
  scale(Math.log10(Math.max(value, 0.5)), Math.log10(0.5), Math.log10(Math.max(high, 1) * 1.3), toLow, toHigh);

export const decadesTo = (high: number): number[] =>
  Array.from({ length: 9 }, (_, i) => 10 ** i).filter((value) => value <= Math.max(high, 1) * 1.3);

const n = (value: number): string => value.toFixed(1);

export const text = (x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end' = 'start'): string =>
  `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}">${escaped(words)}</text>`;

export const line = (x1: number, y1: number, x2: number, y2: number, className: string): string =>
  `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" class="${className}"/>`;

/** With what it is, for whoever points at it. */
export const mark = (x: number, y1: number, y2: number, className: string, title: string): string =>
  `<g class="${className}"><title>${escaped(title)}</title>${line(x, y1, x, y2, className)}</g>`;

export const bar = (x: number, y: number, width: number, height: number, className: string): string =>
  `<rect x="${n(x)}" y="${n(y)}" width="${n(Math.max(width, 0.5))}" height="${n(Math.max(height, 0))}" class="${className}"/>`;

/** Breaks where there is nothing. */
export function curve(points: readonly (readonly [x: number, y: number | null])[], className: string): string {
  let path = '';
  let isDown = false;
  for (const [x, y] of points) {
    if (y !== null) path += `${isDown ? 'L' : 'M'}${n(x)} ${n(y)}`;
    isDown = y !== null;
  }
  return `<path d="${path}" class="${className}"/>`;
}

export const svg = (width: number, height: number, parts: readonly string[]): string =>
  `<svg viewBox="0 0 ${width} ${height}" width="${width}" role="img">${parts.join('')}</svg>`;
