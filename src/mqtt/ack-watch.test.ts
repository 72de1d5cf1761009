import { expect, test } from 'vitest';
import { AckWatch } from './ack-watch.js';

/** @returns the look that asked for a new session, of so many; 0: none */
function looks(watch: AckWatch, count: number, inFlight: number, acknowledged: (look: number) => number): number {
  for (let look = 1; look <= count; look++) if (watch.look(inFlight, acknowledged(look))) return look;
  return 0;
}

test('a minute without any acknowledgement asks for a new session, and a minute later again', () => {
  const watch = new AckWatch();
  watch.look(0, 7);
  expect(looks(watch, 1000, 64, () => 7)).toBe(60);
  expect(looks(watch, 1000, 64, () => 7)).toBe(60);
});

test('one that is slow is waited for, and nothing in flight is nothing to wait for', () => {
  const watch = new AckWatch();
  expect(looks(watch, 1000, 64, (look) => Math.floor(look / 50))).toBe(0);
  expect(looks(watch, 1000, 0, () => 20)).toBe(0);
});
