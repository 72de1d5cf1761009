/**
 * Steps from `from` to `to` on a 32-bit counter that wraps, signed: negative when `to` lies behind. -2^31 to 2^31 - 1.
 *
 * Of a counter whose full value was `previous` and of which the low 32 bits have arrived since,
 * `previous + distance32(previous | 0, low | 0)` is the full value: the one nearest to `previous`. Right as long as it moved
 * less than 2^31 (35 min of microseconds), exact up to 2^53. Written out where it is needed, for integers pass a call unboxed.
 */
export function distance32(from: number, to: number): number {
  return (to - from) | 0;
}

/** Steps that an 8-bit counter went forward, 0 to 255 (`skipped` and `dropped` of a frame). */
export function advance8(from: number, to: number): number {
  return (to - from) & 0xff;
}
