import fc from 'fast-check';
import { expect, test } from 'vitest';
import { advance8, distance32 } from './unwrap.js';

const WRAP = 2 ** 32;
const unwrap = (previous: number, low: number): number => previous + distance32(previous | 0, low | 0);

test('unwraps forwards and backwards across the wrap', () => {
  expect(unwrap(WRAP - 1, 0)).toBe(WRAP);
  expect(unwrap(WRAP, WRAP - 1)).toBe(WRAP - 1);
  expect(unwrap(5 * WRAP + 10, 9)).toBe(5 * WRAP + 9);
});

test('finds any value less than half the range away', () => {
  const previous = fc.integer({ min: WRAP, max: 2 ** 52 });
  const step = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(previous, step, (before, moved) => {
      const value = before + moved;
      expect(unwrap(before, value % WRAP)).toBe(value);
      expect(distance32(before % WRAP, value % WRAP)).toBe(moved);
    }),
  );
});

test('counts an 8-bit counter forwards only', () => {
  expect(advance8(255, 0)).toBe(1);
  expect(advance8(7, 7)).toBe(0);
  expect(advance8(1, 0)).toBe(255);
});
