/** Colours for canvases, which can't take them from the style sheet themselves. Read once, and again when the scheme changes. */
const dark = matchMedia('(prefers-color-scheme: dark)');

/** Each at least 3:1 on its ground, and told apart by most colour-blind eyes. */
const series = {
  light: ['#0b6fb8', '#b55a00', '#0f7a53', '#a8358f', '#b8352a', '#5b57b5', '#7a6a00', '#0a7682'],
  dark: ['#5db4f5', '#f3a64a', '#4fd0a0', '#e58fd4', '#ff8a7a', '#a9a6ff', '#d6c45a', '#62d3e0'],
} as const;

export const ink = (): string => (dark.matches ? '#a3afaa' : '#55605b');

export const seriesColour = (index: number): string => {
  const colours = dark.matches ? series.dark : series.light;
  return colours[index % colours.length]!;
};
