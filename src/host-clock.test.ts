import { expect, test, vi } from 'vitest';
import { isoMicroseconds, monotonicUs, utcUs } from './host-clock.js';

test('UTC follows the wall clock to the millisecond, and its own steps are those of the monotonic clock', () => {
  const base = monotonicUs();
  for (let i = 0; i < 1000; i++) utcUs(base);
  const before = Date.now() * 1e3;
  const now = utcUs(monotonicUs());
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual((Date.now() + 1) * 1e3);
});

test('a wall clock that is stepped is followed, forwards and backwards', () => {
  const step = 3_600_000;
  const real = Date.now;
  const atUs = monotonicUs();
  const before = utcUs(atUs);
  const now = vi.spyOn(Date, 'now').mockImplementation(() => real() + step);
  expect(utcUs(atUs) - before).toBeGreaterThan(step * 1e3 - 2000);
  now.mockRestore();
  expect(Math.abs(utcUs(atUs) - before)).toBeLessThan(2000);
});

test('a time is written to the microsecond', () => {
  expect(isoMicroseconds(Date.UTC(2026, 10, 24, 3, 4, 5, 6) * 1e3 + 789)).toBe('2026-11-24T03:04:05.006789Z');
});
