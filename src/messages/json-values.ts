/** Numbers as the messages carry them: what is not known is null, and no digit pretends to be more than it is. */

export const known = (value: number): number | null => (Number.isFinite(value) ? value : null);

export const integer = (value: number): number | null => known(Math.round(value));

/** Times and durations: to the tenth of a microsecond, which is what the clocks can say. */
export const tenths = (us: number): number | null => known(Math.round(us * 10) / 10);

/** Significant digits of a value: an i32 times a decimal scale, without the binary tail of the product. */
const DIGITS = 12;

export const measured = (value: number): number | null =>
  Number.isInteger(value) ? value : known(Number(value.toPrecision(DIGITS)));

/** 8 hex digits. */
export const bootText = (boot: number): string => (boot >>> 0).toString(16).padStart(8, '0');
