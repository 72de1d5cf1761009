/**
 * CRC-32/AUTOSAR: polynomial 0xF4ACFB13, reflected, initial value and final xor 0xFFFFFFFF; "123456789" gives 0x1697D06A.
 * The final xor is not zero on purpose: behind COBS, a CRC without it accepts frames that lost or gained a trailing zero.
 */
const POLYNOMIAL_REFLECTED = 0xc8df352f;

/** Four tables of 256, for four bytes at a step (slicing-by-4): table k holds the CRC of a byte followed by k zeros. */
const table = buildTables();

function buildTables(): Int32Array {
  const tables = new Int32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL_REFLECTED : crc >>> 1;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256]!;
    tables[i] = (before >>> 8) ^ tables[before & 0xff]!;
  }
  return tables;
}

/** The CRC as a signed 32-bit integer: the hot path's form, because a number over 2^31 would be boxed on the heap. */
export function crc32Signed(bytes: Uint8Array, start: number, end: number): number {
  let crc = -1;
  let i = start;
  for (const last = end - 3; i < last; i += 4) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc =
      table[768 + (crc & 0xff)]! ^
      table[512 + ((crc >>> 8) & 0xff)]! ^
      table[256 + ((crc >>> 16) & 0xff)]! ^
      table[crc >>> 24]!;
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc;
}

/** CRC-32/AUTOSAR of `bytes[start..end)`, 0 to 2^32 - 1. */
export function crc32(bytes: Uint8Array, start = 0, end = bytes.length): number {
  return crc32Signed(bytes, start, end) >>> 0;
}
