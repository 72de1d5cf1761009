/** Durations for people: two or three figures, the unit that fits. */
function seconds(value: number): string {
  if (value < 0.001) return `${Math.round(value * 1e6)} µs`;
  if (value < 1) return `${(value * 1e3).toFixed(value < 0.01 ? 1 : 0)} ms`;
  if (value < 120) return `${value.toFixed(1)} s`;
  if (value < 7200) return `${Math.floor(value / 60)} min`;
  return `${Math.floor(value / 3600)} h`;
}

/** For ages that are looked at while they grow: whole seconds, from 10 s on. */
export function age(value: number): string {
  return value < 10 ? seconds(value) : value < 120 ? `${Math.floor(value)} s` : seconds(value);
}

export function microseconds(value: number | null | undefined): string {
  return value === null || value === undefined ? '—' : seconds(value / 1e6);
}

/** 1234567 -> `1 234 567`, with spaces that do not break. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en').replaceAll(',', '\u202f');
}

const decimalsOf = (scale: number): number => Math.min(4, Math.max(0, Math.ceil(-Math.log10(Math.abs(scale)) - 1e-9)));

/** As many decimals as the signal's resolution has; six figures for what is no multiple of it, as plain lines print. */
export function reading(value: number | null | undefined, scale: number, leastDecimals = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '—';
  const steps = value / scale;
  const isMultiple = Math.abs(steps - Math.round(steps)) < 1e-6 * Math.max(1, Math.abs(steps));
  const text = isMultiple ? value.toFixed(decimalsOf(scale)) : String(Number(value.toPrecision(6)));
  return decimals(text) < leastDecimals ? value.toFixed(leastDecimals) : text;
}

/** Of a number as text. */
export const decimals = (text: string): number => text.split('.')[1]?.length ?? 0;

/** How many characters the longest reading of a signal has, so that its place can be kept. */
export function readingWidth(scale: number, min = -9999, max = 9999): number {
  return Math.max(reading(min, scale).length, reading(max, scale).length, 5);
}

/** Local time of the reader. @param utcMs since 1970 */
export function clockTime(utcMs: number, withMilliseconds = false): string {
  const at = new Date(utcMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const text = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return withMilliseconds ? `${text}.${String(at.getMilliseconds()).padStart(3, '0')}` : text;
}

/** YYYY-MM-DD, of the reader. */
export function dayOf(utcMs: number): string {
  const at = new Date(utcMs);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** With the day when that is not today: what was last week must not look like something of tonight. */
export function dayTime(utcMs: number, today: string, withMilliseconds = false): string {
  const time = clockTime(utcMs, withMilliseconds);
  const day = dayOf(utcMs);
  return day === today ? time : `${day} ${time}`;
}
