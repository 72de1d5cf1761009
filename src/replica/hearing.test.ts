import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { monotonicUs } from '../host-clock.js';
import { Hearing } from './hearing.js';

let nowUs = 0;
vi.mock('../host-clock.js', () => ({ monotonicUs: vi.fn() }));
const told: unknown[] = [];
let hearing: Hearing;

beforeEach(() => {
  nowUs = 1e9;
  vi.mocked(monotonicUs).mockImplementation(() => nowUs);
  told.length = 0;
  hearing = new Hearing('mqtt://broker', () => '00c0ffee', {
    changed: () => told.push('changed'),
    away: (isAway) => told.push(isAway ? 'away' : 'heard'),
  });
});
afterEach(() => vi.resetAllMocks());

/** Looks each quarter of a second. */
const pass = (seconds: number, isHeard: boolean) => {
  for (let i = 0; i < seconds * 4; i++) {
    nowUs += 250e3;
    if (isHeard) hearing.newestUs = nowUs;
    hearing.look();
  }
};

test('says what is missing: the broker, the bridge, or its word', () => {
  expect(hearing.judge()).toEqual({ up: false, detail: 'connecting to broker:1883' });
  hearing.link(true, '');
  expect(hearing.judge().detail).toMatch(/no word of a bridge over broker:1883; it needs mqtt\.replicate = true/);
  hearing.isOffline = true;
  expect(hearing.judge().detail).toMatch(/the bridge is offline/);
  hearing.isOffline = false;
  hearing.newestUs = nowUs;
  expect(hearing.judge()).toEqual({ up: true, detail: 'follows bridge 00c0ffee over broker:1883' });
  hearing.link(false, 'the broker is away');
  expect(hearing.judge()).toEqual({ up: false, detail: 'the broker is away' });
});

test('changes are told at once and once, an alarm what lasts for over 3 s', () => {
  hearing.link(true, '');
  pass(10, true);
  expect(told).toEqual(['changed', 'changed']);
  pass(5.75, false);
  expect(told).toEqual(['changed', 'changed', 'changed']);
  pass(1, false);
  expect(told).toEqual(['changed', 'changed', 'changed', 'away']);
  pass(10, false);
  pass(10, true);
  expect(told).toEqual(['changed', 'changed', 'changed', 'away', 'changed', 'heard']);
});

test('an alarm that stands is told to those who begin', () => {
  hearing.link(true, '');
  pass(10, false);
  told.length = 0;
  hearing.tellAnew();
  hearing.look();
  expect(told).toEqual(['changed', 'away']);
});
