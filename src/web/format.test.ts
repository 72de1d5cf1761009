import { expect, test } from 'vitest';
import { dayOf, dayTime } from './format.js';

test.each([
  [new Date(2026, 10, 28, 0, 0, 1), '00:00:01'],
  [new Date(2026, 10, 27, 23, 59, 59), '2026-11-27 23:59:59'],
  [new Date(2025, 10, 28, 3, 4, 5), '2025-11-28 03:04:05'],
])('what was not today is told with its day: %s', (at, text) => {
  const today = dayOf(new Date(2026, 10, 28, 3, 12).getTime());
  expect(dayTime(at.getTime(), today)).toBe(text);
});
