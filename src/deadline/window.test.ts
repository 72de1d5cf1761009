import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FirmWindow } from './window.js';

it('agrees with counting the last k frames', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }).chain((k) => fc.tuple(fc.integer({ min: 1, max: k }), fc.constant(k))),
      fc.array(fc.oneof(fc.boolean(), fc.integer({ min: 0, max: 150 })), { maxLength: 200 }),
      ([m, k], operations) => {
        const window = new FirmWindow(m, k);
        const history: boolean[] = [];
        for (const operation of operations) {
          if (typeof operation === 'boolean') {
            window.push(operation);
            history.push(operation);
          } else {
            window.pushMisses(operation);
            for (let i = 0; i < operation; i++) history.push(false);
          }
          const last = history.slice(-k);
          const missed = last.filter((met) => !met).length;
          expect(window.size).toBe(last.length);
          expect(window.met).toBe(last.length - missed);
          expect(window.violated).toBe(missed > k - m);
        }
      },
    ),
  );
});

it('remembers a violation until it is asked, also one that the next frame has pushed out', () => {
  const window = new FirmWindow(9, 10);
  window.push(false);
  for (let i = 0; i < 8; i++) window.push(true);
  expect(window.takeViolation()).toBe(false);
  window.pushMisses(1); // ten frames with two misses
  window.push(true);
  expect(window.violated).toBe(false);
  expect([window.violationMet, window.violationSize]).toEqual([8, 10]);
  expect([window.takeViolation(), window.takeViolation()]).toEqual([true, false]);
  window.pushMisses(10);
  window.restart();
  expect(window.takeViolation()).toBe(false);
});

it('holds k - m misses and is violated by one more', () => {
  const window = new FirmWindow(990, 1000);
  window.pushMisses(10);
  expect(window.violated).toBe(false);
  window.push(false);
  expect(window.violated).toBe(true);
  for (let i = 0; i < 989; i++) window.push(true);
  expect(window.violated).toBe(true);
  window.push(true);
  expect(window.violated).toBe(false);
});
