import { expect, test } from 'vitest';
import { RemoteClock } from './remote-clock.js';

const UTC = 1.7e15;
/** The bridge's clock is behind by this much. */
const BEHIND_US = 5e9;

function clockAfter(ways: readonly (readonly [sentUs: number, wayUs: number])[]): RemoteClock {
  const clock = new RemoteClock();
  for (const [sentUs, wayUs] of ways) clock.take(sentUs, UTC + sentUs, sentUs + BEHIND_US + wayUs);
  return clock;
}

test('the quickest message says how the clocks stand, and each other one how much longer it took', () => {
  const clock = clockAfter([
    [1e6, 900],
    [2e6, 200],
    [3e6, 40_000],
  ]);
  expect(clock.offsetUs).toBe(BEHIND_US + 200);
  expect(clock.excessUs).toBe(39_800);
});

test('the UTC is that of the bridge', () => {
  const clock = clockAfter([[1e6, 0]]);
  expect(clock.utcOffsetUs + BEHIND_US + 7e6).toBe(UTC + 7e6);
});

test('drift is followed: the quickest of long ago is forgotten, that of the last 15 s is not', () => {
  const ppm = 100;
  const ways = Array.from({ length: 600 }, (_, s) => [s * 1e6, 300 + s * ppm] as const);
  const clock = clockAfter(ways);
  const trueUs = BEHIND_US + 300 + 599 * ppm;
  expect(trueUs - clock.offsetUs).toBeGreaterThanOrEqual(0);
  expect(trueUs - clock.offsetUs).toBeLessThanOrEqual(30 * ppm);
  const stood = clockAfter([
    ...ways.slice(0, 10),
    ...Array.from({ length: 14 }, (_, s) => [(10 + s) * 1e6, 500_000] as const),
  ]);
  expect(stood.offsetUs).toBe(BEHIND_US + 300);
});

test('a bridge whose machine slept for an hour is followed after half a minute, and until then its values seem older', () => {
  const clock = clockAfter([[1e6, 300]]);
  const sleptUs = 3600e6;
  const offsets = Array.from({ length: 40 }, (_, s) => {
    const sentUs = 2e6 + s * 1e6;
    clock.take(sentUs, UTC + sentUs, sentUs + BEHIND_US + sleptUs + 300);
    return clock.offsetUs - BEHIND_US;
  });
  expect(offsets[0]).toBe(300);
  expect(offsets.at(-1)).toBe(sleptUs + 300);
  expect(offsets.findIndex((offsetUs) => offsetUs > 300)).toBeLessThanOrEqual(31);
});
