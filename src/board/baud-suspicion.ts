/** Whether a line looks like the wrong baud rate: many bytes, nothing in them that makes sense. Pure. */

/** Less may be what a bootloader prints at its own rate, or a stream that the host has not yet asked to stop. */
const SUSPICIOUS_BYTES = 4096;
const SUSPICIOUS_AFTER_US = 3_000_000;
/** A right line is much shorter; random bytes make a readable one in about 80,000. */
const BYTES_PER_LINE_MAX = 512;

/** Whether what was understood of so many bytes is no more than chance. */
export const isNonsense = (bytes: number, understood: number): boolean => understood * BYTES_PER_LINE_MAX < bytes;

/**
 * @param openUs how long the port has been open
 * @param bytes received since then
 * @param understood frames, readings and readable lines among them
 */
export function looksLikeWrongBaud(openUs: number, bytes: number, understood: number): boolean {
  return openUs >= SUSPICIOUS_AFTER_US && bytes >= SUSPICIOUS_BYTES && isNonsense(bytes, understood);
}
