import { expect, test } from 'vitest';
import { LiveState } from './live-state.js';
import type { StateMessage } from './messages.js';

const message = (fields: Partial<StateMessage> = {}): StateMessage => ({
  board: 'pico',
  stream: 'control',
  boot: '0000002a',
  seq: 1,
  releaseUs: 1000,
  time: '2026-01-01T00:00:00.000000Z',
  ageUs: 50_000,
  uncertaintyUs: 10,
  lifespanUs: 250_000,
  verdict: 'met',
  live: true,
  values: { speed: 1 },
  ...fields,
});

function clockAt(ms: number) {
  const clock = { mono: ms, wall: ms, monotonicMs: () => clock.mono, wallMs: () => clock.wall };
  return clock;
}

test('a state ages from its age at publication, by the local clock', () => {
  const clock = clockAt(1000);
  const state = new LiveState(message(), clock);
  expect(state.ageUs).toBe(50_000);
  clock.mono += 199;
  clock.wall += 199;
  expect(state.ageUs).toBe(249_000);
  expect(state.live).toBe(true);
  clock.mono += 2;
  expect(state.live).toBe(false);
});

test('what may be older than its lifespan, by the uncertainty of the clock, is not live', () => {
  const state = (uncertaintyUs: number | null) =>
    new LiveState(message({ ageUs: 240_000, uncertaintyUs }), clockAt(1000)).live;
  expect([state(null), state(10_000), state(10_001)]).toEqual([true, true, false]);
});

test('the time on the way counts', () => {
  const clock = clockAt(1000);
  const state = new LiveState(message(), clock, 190_000);
  expect(state.ageUs).toBe(240_000);
  expect(state.live).toBe(true);
  expect(new LiveState(message(), clock, 201_000).live).toBe(false);
});

test('a machine that slept shows nothing as live: one of the two clocks went on', () => {
  const clock = clockAt(1000);
  const state = new LiveState(message(), clock);
  clock.wall += 3_600_000;
  expect(state.live).toBe(false);
});

test('a wall clock that is set back does not keep a value alive', () => {
  const clock = clockAt(10_000_000);
  const state = new LiveState(message(), clock);
  clock.wall -= 3_600_000;
  clock.mono += 300;
  expect(state.live).toBe(false);
});

test('what the bridge calls stale, or whose age is not known, is never live', () => {
  const clock = clockAt(0);
  expect(new LiveState(message({ live: false }), clock).live).toBe(false);
  expect(new LiveState(message({ ageUs: null }), clock).live).toBe(false);
  expect(new LiveState(message({ ageUs: null }), clock).ageUs).toBeNull();
});
