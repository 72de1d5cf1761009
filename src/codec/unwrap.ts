/** Steps from `from` to `to` on a 32-bit counter that wraps, signed: negative when `to` lies behind. -2^31 to 2^31 - 1. */
export function distance32(from: number, to: number): number {
  return (to - from) | 0;
}

/** Steps that an 8-bit counter went forward, 0 to 255 (`skipped` and `dropped` of a frame). */
export function advance8(from: number, to: number): number {
  return (to - from) & 0xff;
}

/**
 * The full value of a 32-bit counter of which `low` has arrived: the one nearest to `previous`, a full value known before.
 * Right as long as the counter moved less than 2^31 since (35 min of microseconds). Exact up to 2^53.
 */
export function unwrap32(previous: number, low: number): number {
  return previous + distance32(previous >>> 0, low);
}
