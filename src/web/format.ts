/** Durations for people: three figures, the unit that fits. */
export function seconds(value: number): string {
  if (value < 0.001) return `${Math.round(value * 1e6)} µs`;
  if (value < 1) return `${(value * 1e3).toFixed(value < 0.01 ? 1 : 0)} ms`;
  if (value < 120) return `${value.toFixed(1)} s`;
  if (value < 7200) return `${Math.floor(value / 60)} min`;
  return `${Math.floor(value / 3600)} h`;
}

export function microseconds(value: number | null | undefined): string {
  return value === null || value === undefined ? '—' : seconds(value / 1e6);
}

/** 1234567 -> `1 234 567`, with spaces that do not break. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en').replaceAll(',', ' ');
}

/** As many decimals as the signal's resolution has. */
export function reading(value: number | null | undefined, scale: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '—';
  const decimals = Math.min(4, Math.max(0, Math.ceil(-Math.log10(scale) - 1e-9)));
  return value.toFixed(decimals);
}
