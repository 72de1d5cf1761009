import { expect, it } from 'vitest';
import { Pulse } from './pulse.js';

function beating(...beatsUs: number[]): Pulse {
  const pulse = new Pulse();
  for (const beatUs of beatsUs) pulse.beat(beatUs);
  return pulse;
}

it('knows nothing of a thread that beats on time', () => {
  expect(beating(0, 20_000, 40_900, 61_000).stalledUs(0, 61_000)).toBe(0);
});

it('counts a late beat from when it was due', () => {
  const pulse = beating(0, 20_000, 540_000, 560_000);
  expect(pulse.stalledUs(0, 560_000)).toBe(500_000);
  expect(pulse.stalledUs(100_000, 200_000)).toBe(100_000);
  expect(pulse.stalledUs(541_000, 560_000)).toBe(0);
});

it('counts a stall of which no beat has told yet', () => {
  expect(beating(0, 20_000).stalledUs(0, 1_045_000)).toBe(1_000_000);
});

it('knows nothing before the first beat', () => {
  expect(new Pulse().stalledUs(0, 1e6)).toBe(0);
});

it('forgets the oldest of more stalls than it keeps', () => {
  const pulse = new Pulse();
  for (let k = 0; k < 100; k++) pulse.beat(k * 100_000);
  expect(pulse.stalledUs(0, 99 * 100_000)).toBe(32 * 80_000);
});
