import { expect, test } from 'vitest';
import { RetainedBounds } from './retained-bounds.js';

test('so many topics and no more; what is known may change, and what is cleared makes room', () => {
  const bounds = new RetainedBounds(2, 1000);
  expect([bounds.admits('a', 1), bounds.admits('b', 1), bounds.admits('c', 1)]).toEqual([true, true, false]);
  expect(bounds.admits('a', 5)).toBe(true);
  expect(bounds.admits('a', 0)).toBe(true);
  expect(bounds.admits('c', 1)).toBe(true);
});

test('so many bytes and no more, counted anew when a topic changes', () => {
  const bounds = new RetainedBounds(10, 100);
  expect(bounds.admits('a', 90)).toBe(true);
  expect(bounds.admits('b', 50)).toBe(false);
  expect(bounds.admits('a', 10)).toBe(true);
  expect(bounds.admits('b', 50)).toBe(true);
});

test('what a topic had is forgotten with a newer value that is refused: an old one is worse than none', () => {
  const bounds = new RetainedBounds(2, 100);
  expect([bounds.admits('a', 9), bounds.admits('b', 88), bounds.admits('a', 19)]).toEqual([true, true, false]);
  expect(bounds.topics).toBe(1);
  expect(bounds.admits('c', 9)).toBe(true);
});
