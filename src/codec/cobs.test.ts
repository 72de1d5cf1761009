import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cobsBytesMax, cobsDecode, cobsEncode } from './cobs.js';

function encode(bytes: Uint8Array): Uint8Array {
  const target = new Uint8Array(cobsBytesMax(bytes.length) + 1);
  return target.subarray(0, cobsEncode(bytes, 0, bytes.length, target, 0));
}

function decode(run: Uint8Array): Uint8Array | null {
  const target = new Uint8Array(run.length);
  const length = cobsDecode(run, 0, run.length, target);
  return length < 0 ? null : target.slice(0, length);
}

const counting = (from: number, to: number) => Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('cobs', () => {
  test.each([
    ['nothing', [], [1]],
    ['one zero', [0], [1, 1]],
    ['zeros', [0, 0], [1, 1, 1]],
    ['a zero inside', [0x11, 0x22, 0x00, 0x33], [3, 0x11, 0x22, 2, 0x33]],
    ['a zero at the end', [0x11, 0x00], [2, 0x11, 1]],
    ['254 bytes without zero', [...counting(1, 254)], [0xff, ...counting(1, 254)]],
    ['a zero and 254 bytes', [0, ...counting(1, 254)], [1, 0xff, ...counting(1, 254)]],
    ['255 bytes without zero', [...counting(1, 255)], [0xff, ...counting(1, 254), 2, 0xff]],
  ])('encodes and decodes the published example: %s', (_, plain, encoded) => {
    expect([...encode(Uint8Array.from(plain))]).toEqual(encoded);
    expect([...decode(Uint8Array.from(encoded))!]).toEqual(plain);
  });

  test('accepts the longer form that some encoders write after a full block', () => {
    expect(decode(Uint8Array.of(0xff, ...counting(1, 254), 1))).toEqual(counting(1, 254));
  });

  test('refuses a block that reaches beyond the run', () => {
    expect(decode(Uint8Array.of(5, 1, 2))).toBeNull();
  });

  test('round trips any bytes without a zero on the wire, within the stated length', () => {
    const bytes = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 }), fc.constant(255)), {
      maxLength: 700,
    });
    fc.assert(
      fc.property(bytes, (array) => {
        const plain = Uint8Array.from(array);
        const encoded = encode(plain);
        expect(encoded.includes(0)).toBe(false);
        expect(encoded.length).toBeLessThanOrEqual(cobsBytesMax(plain.length));
        expect(decode(encoded)).toEqual(plain);
      }),
    );
  });

  test('never writes past the length of the run, whatever the run', () => {
    fc.assert(
      fc.property(fc.uint8Array({ min: 1, maxLength: 700 }), (run) => {
        expect(cobsDecode(run, 0, run.length, new Uint8Array(run.length))).toBeLessThanOrEqual(run.length);
      }),
    );
  });
});
