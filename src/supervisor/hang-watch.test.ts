import { describe, expect, test } from 'vitest';
import { HangWatch } from './hang-watch.js';

const limits = { lookMs: 1000, hungMs: 5000, startMs: 30_000 };

/** Looks every second with the same progress. @returns the second of the first look that said hung, or -1. */
function silentFor(watch: HangWatch, seconds: number, isReader = true, fromMs = 0): number {
  for (let s = 1; s <= seconds; s++) if (watch.look(fromMs + s * 1000, 7, isReader)) return s;
  return -1;
}

describe('a worker', () => {
  test('that reads and neither answers nor moves is hung after 5 s', () => {
    expect(silentFor(new HangWatch(0, limits), 60)).toBe(6); // the first look sees its first progress
  });

  test('that moves is not, however it is busy', () => {
    const watch = new HangWatch(0, limits);
    for (let s = 1; s < 100; s++) expect(watch.look(s * 1000, s, true)).toBe(false);
  });

  test('that answers is not, however little there is to read', () => {
    const watch = new HangWatch(0, limits);
    for (let s = 1; s < 100; s++) {
      watch.answered();
      expect(watch.look(s * 1000, 7, true)).toBe(false);
    }
  });

  test('that still loads its modules has 30 s', () => {
    expect(silentFor(new HangWatch(0, limits), 60, false)).toBe(31);
  });

  test('that is ready and knows no pings is left alone', () => {
    const watch = new HangWatch(0, limits);
    watch.ready();
    expect(silentFor(watch, 1000, false)).toBe(-1);
  });

  test('that reads no rings but has answered is watched', () => {
    const watch = new HangWatch(0, limits);
    watch.ready();
    watch.answered();
    expect(silentFor(watch, 60, false)).toBe(6);
  });
});

test('a main thread that was held up itself blames nobody', () => {
  const watch = new HangWatch(0, limits);
  watch.look(1000, 7, true);
  expect(watch.look(60_000, 7, true)).toBe(false);
  watch.answered(); // the answers were waiting
  expect(watch.look(61_000, 7, true)).toBe(false);
});
