import { expect, test } from 'vitest';
import { contract, descriptor } from '../gateway/testing/bench.js';
import { Retained } from './retained.js';

const EPOCH = '00c0ffee';
const session = (id: string, index: number, epoch = EPOCH) =>
  JSON.stringify({
    type: 'board',
    index,
    id,
    path: '/dev/x',
    descriptor,
    boot: '0000002a',
    contracts: { control: contract },
    epoch,
  });
const alarm = (active: boolean) =>
  JSON.stringify({ board: 'pico', id: 'x', active, text: 'y', since: '2023-11-14T22:13:20.000Z' });

test('boards of this run are told, those of another are kept for when it is followed', () => {
  const retained = new Retained();
  expect(retained.take('tautline/pico/session', session('pico', 0), EPOCH)).toMatchObject({
    type: 'board',
    id: 'pico',
  });
  expect(retained.take('tautline/uno/session', session('uno', 1, 'deadbeef'), EPOCH)).toBeUndefined();
  expect(retained.texts(EPOCH)).toMatchObject([{ id: 'pico' }]);
  expect(retained.texts('deadbeef')).toMatchObject([{ id: 'uno' }]);
});

test('a board that is offline is gone, until it is online', () => {
  const retained = new Retained();
  retained.take('tautline/pico/session', session('pico', 0), EPOCH);
  expect(retained.take('tautline/pico/availability', 'offline', EPOCH)).toMatchObject({ type: 'board-gone', index: 0 });
  expect(retained.texts(EPOCH).map(({ type }) => type)).toEqual(['board', 'board-gone']);
  expect(retained.take('tautline/pico/availability', 'online', EPOCH)).toBeUndefined();
  expect(retained.texts(EPOCH).map(({ type }) => type)).toEqual(['board']);
});

test('an empty session is a board that nobody has any more', () => {
  const retained = new Retained();
  retained.take('tautline/pico/session', session('pico', 0), EPOCH);
  retained.take('tautline/pico/session', '', EPOCH);
  expect(retained.texts(EPOCH)).toEqual([]);
});

test('alarms stand until they end', () => {
  const retained = new Retained();
  expect(retained.take('tautline/pico/alarm/x', alarm(true), EPOCH)).toMatchObject({ type: 'alarm', active: true });
  expect(retained.texts(EPOCH)).toMatchObject([{ type: 'alarm', board: 'pico', id: 'x' }]);
  expect(retained.take('tautline/pico/alarm/x', alarm(false), EPOCH)).toMatchObject({ active: false });
  expect(retained.texts(EPOCH)).toEqual([]);
});

test('whether the bridge is there', () => {
  const retained = new Retained();
  retained.take('tautline/bridge/state', 'offline', EPOCH);
  expect(retained.isBridgeOffline).toBe(true);
  retained.take('tautline/bridge/state', 'online', EPOCH);
  expect(retained.isBridgeOffline).toBe(false);
});

test('what others put there is passed over, and bounded', () => {
  const retained = new Retained();
  expect(retained.take('tautline/pico/session', session('uno', 0), EPOCH)).toBeUndefined();
  expect(retained.take('tautline/pico/session', '{"type":"alarm"}', EPOCH)).toBeUndefined();
  expect(retained.take('tautline/pico/alarm/x', '{}', EPOCH)).toBeUndefined();
  for (let i = 0; i < 200; i++) {
    retained.take(`tautline/b${i}/session`, session(`b${i}`, i % 64), EPOCH);
    retained.take(`tautline/b${i}/availability`, 'offline', EPOCH);
  }
  expect(retained.texts(EPOCH).filter(({ type }) => type === 'board')).toHaveLength(64);
});
