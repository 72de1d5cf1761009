import { expect, test } from 'vitest';
import { Backoff } from './backoff.js';

const delays = (backoff: Backoff, n: number) => Array.from({ length: n }, () => backoff.down(0));

test('waits grow to half a minute, half fixed and half drawn', () => {
  expect(delays(new Backoff(() => 0), 11)).toEqual([50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000]);
  expect(delays(new Backoff(() => 1), 3)).toEqual([100, 200, 400]);
});

test('a session that lasted begins anew', () => {
  const backoff = new Backoff(() => 0);
  delays(backoff, 8);
  backoff.up(1e6);
  expect(backoff.down(7e6)).toBe(50);
});

test('a broker that lets us in for a moment only is neither hammered nor left alone for long', () => {
  const backoff = new Backoff(() => 0);
  delays(backoff, 10);
  for (let i = 0; i < 20; i++) {
    backoff.up(0);
    expect(backoff.down(1000)).toBe(1600);
  }
});
