import { expect, test } from 'vitest';
import { RateGate } from './rate-gate.js';

test('a rate gate lets so many through each second and counts the rest', () => {
  const gate = new RateGate(2);
  expect([0, 1, 2, 999].map((ms) => gate.passes(ms))).toEqual([true, true, false, false]);
  expect([1000, 1001, 1002].map((ms) => gate.passes(ms))).toEqual([true, true, false]);
  expect(gate.held).toBe(3);
});
