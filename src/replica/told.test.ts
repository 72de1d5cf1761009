import { expect, test } from 'vitest';
import { type AlarmText, type BoardText, type GoneText, ofBridge, Told } from './told.js';

const board = {
  type: 'board',
  index: 1,
  id: 'pico',
  path: '/dev/x',
  descriptor: null,
  boot: '0000002a',
  contracts: {},
} as BoardText;
const gone: GoneText = { type: 'board-gone', index: 1, id: 'pico', reason: 'unplugged' };
const alarm: AlarmText = { type: 'alarm', board: 'pico', id: 'x', active: true, text: 'y', sinceUtcUs: 1 };

test('what a topic says again is no news, whichever way it was told', () => {
  const told = new Told();
  expect(told.newsOf(board, null)).toEqual([board]);
  told.take(board);
  expect(told.newsOf(board, null)).toEqual([]);
  expect(told.newsOf({ ...board, boot: '0000002b' }, null)).toHaveLength(1);
});

test('what came in a shipment is again what a topic has said, or it is not', () => {
  const told = new Told();
  for (const text of [board, alarm]) {
    expect(told.isAgain(text)).toBe(false);
    told.take(text);
    expect(told.isAgain(text)).toBe(true);
  }
  expect(told.isAgain({ ...board, boot: '0000002b' })).toBe(false);
  expect(told.isAgain({ ...alarm, active: false })).toBe(false);
  expect(told.isAgain(gone)).toBe(false);
  told.take(gone);
  expect(told.isAgain(gone)).toBe(true);
  expect(told.isAgain(board)).toBe(false);
});

test('a board that is gone is told once, and again when it is back', () => {
  const told = new Told();
  expect(told.newsOf(board, gone)).toEqual([board, gone]);
  told.take(board);
  expect(told.newsOf(board, gone)).toEqual([gone]);
  told.take(gone);
  expect(told.newsOf(board, gone)).toEqual([]);
  expect(told.newsOf(board, null)).toEqual([board]);
});

test('an alarm is news when it begins, changes or ends, and not when it is over for who never heard of it', () => {
  const told = new Told();
  expect(told.isNews({ ...alarm, active: false })).toBe(false);
  expect(told.isNews(alarm)).toBe(true);
  told.take(alarm);
  expect(told.isNews({ ...alarm, sinceUtcUs: 2 })).toBe(false);
  expect(told.isNews({ ...alarm, text: 'z' })).toBe(true);
  expect(told.isNews({ ...alarm, active: false })).toBe(true);
});

test('alarms that were told long ago are forgotten, not collected', () => {
  const told = new Told();
  for (let i = 0; i < 5000; i++) told.take({ ...alarm, id: `a${i}` });
  expect(told.isNews({ ...alarm, id: 'a0' })).toBe(true);
  expect(told.isNews({ ...alarm, id: 'a4999' })).toBe(false);
});

test('what the bridge says of itself does not end an alarm of this gateway', () => {
  expect(ofBridge({ ...alarm, board: null, id: 'worker-gateway' })).toMatchObject({
    id: 'bridge-worker-gateway',
    text: 'bridge: y',
  });
  expect(ofBridge(alarm)).toBe(alarm);
});
