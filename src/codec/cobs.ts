/**
 * Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): bytes without 0x00, so that 0x00 can delimit frames.
 * Each block is a code byte c and c - 1 bytes that are not zero; a block stands for its bytes and one zero, but for
 * c = 0xFF (no zero) and the last block (none either).
 */

/** Longest encoding of `length` bytes: a code byte for each full 254, and one. */
export function cobsBytesMax(length: number): number {
  return length + Math.floor(length / 254) + 1;
}

/** Encodes `source[start..end)` into `target` from `at`, without a delimiter. Returns the index after the last byte written. */
export function cobsEncode(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let codeAt = at;
  let out = at + 1;
  let code = 1;
  for (let i = start; i < end; i++) {
    const byte = source[i]!;
    if (byte !== 0) {
      target[out++] = byte;
      code++;
    }
    // A full block at the very end needs no further one.
    if (byte === 0 || (code === 0xff && i + 1 < end)) {
      target[codeAt] = code;
      codeAt = out++;
      code = 1;
    }
  }
  target[codeAt] = code;
  return out;
}

/**
 * Decodes the run `source[start..end)`, which holds no 0x00, into `target` from 0. Returns the number of bytes, or -1 when a
 * block reaches beyond the run. `target` needs `end - start` bytes.
 */
export function cobsDecode(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let i = start;
  let out = 0;
  while (i < end) {
    const code = source[i++]!;
    const blockEnd = i + code - 1;
    if (blockEnd > end) return -1;
    while (i < blockEnd) target[out++] = source[i++]!;
    if (code !== 0xff && i < end) target[out++] = 0;
  }
  return out;
}
