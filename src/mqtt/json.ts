/** Numbers and times as JSON knows them: what is not finite is null. */
import { isoMicroseconds } from '../host-clock.js';

/** Significant digits of a value: an i32 times a decimal scale, without the binary tail of the product. */
const DIGITS = 12;

export function jsonNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Number.isFinite(value) ? String(Number(value.toPrecision(DIGITS))) : 'null';
}

/** Rounded to an integer. */
export function jsonInteger(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value)) : 'null';
}

/** A boot id. */
export function hex8(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

/** ISO 8601 with microseconds, in quotes. @param us UTC, since 1970 */
export function jsonTime(us: number): string {
  return Number.isFinite(us) ? `"${isoMicroseconds(us)}"` : 'null';
}
