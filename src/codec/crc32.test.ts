import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32, crc32Signed } from './crc32.js';

/** The definition, bit by bit, with the polynomial as it is written in AUTOSAR (not reflected). */
function crcByDefinition(bytes: Uint8Array): number {
  const reflect = (value: number, bits: number) =>
    Array.from({ length: bits }, (_, i) => ((value >>> i) & 1) * 2 ** (bits - 1 - i)).reduce(
      (sum, bit) => sum + bit,
      0,
    );
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc = (crc ^ (reflect(byte, 8) * 2 ** 24)) >>> 0;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000_0000 ? 0xf4ac_fb13 : 0)) >>> 0;
  }
  return (reflect(crc, 32) ^ 0xffff_ffff) >>> 0;
}

describe('crc32', () => {
  test('gives the published check value of CRC-32/AUTOSAR', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0x1697_d06a);
  });

  test('equals the bitwise definition at every length and offset', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(8), (bytes, skip) => {
        const start = Math.min(skip, bytes.length);
        const crc = crc32(bytes, start, bytes.length);
        expect(crc).toBe(crcByDefinition(bytes.subarray(start)));
        expect(crc32Signed(bytes, start, bytes.length) >>> 0).toBe(crc);
      }),
    );
  });

  test('tells trailing zeros apart, which a CRC without final xor cannot behind COBS', () => {
    expect(crc32(Uint8Array.of(1, 2, 3))).not.toBe(crc32(Uint8Array.of(1, 2, 3, 0)));
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});
