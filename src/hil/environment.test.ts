import { afterEach, expect, it } from 'vitest';
import { environment } from './environment.js';

afterEach(() => {
  delete process.env.HIL_WAIT;
});

it('refuses a number that is none, in place of waiting without end', () => {
  expect(environment.waitSeconds).toBe(30);
  process.env.HIL_WAIT = '30s';
  expect(() => environment.waitSeconds).toThrow('HIL_WAIT=30s: give a whole number');
});
