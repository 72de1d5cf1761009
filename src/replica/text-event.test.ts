import { expect, test } from 'vitest';
import { contract, descriptor } from '../gateway/testing/bench.js';
import { parseAlarm, parseTextEvent } from './text-event.js';

const board = {
  type: 'board',
  index: 1,
  id: 'pico',
  path: '/dev/x',
  descriptor,
  boot: '0000002a',
  contracts: { control: contract },
};
const gone = { type: 'board-gone', index: 1, id: 'pico', reason: 'unplugged' };
const alarm = { type: 'alarm', board: null, id: 'x', active: true, text: 'y', sinceUtcUs: 1 };
const log = { type: 'log', board: 'pico', level: 'info', text: 'y', utcUs: 1 };
const late = {
  type: 'delivery-miss',
  board: 'pico',
  stream: 's',
  outlet: 'mqtt',
  client: null,
  culprit: 'outlet',
  count: 1,
  outletUs: 1,
  consumerUs: null,
  utcUs: 1,
};

test.each([board, { ...board, descriptor: null, contracts: {} }, gone, alarm, log, late])('a $type is one', (event) => {
  expect(parseTextEvent(JSON.stringify(event))).toEqual(event);
});

test.each([
  'no JSON',
  'null',
  '[]',
  '{}',
  '{"type":"toString"}',
  '{"type":"__proto__"}',
  ...[
    { ...board, index: 64 },
    { ...board, id: '../x' },
    { ...board, boot: 'x' },
    { ...board, path: 7 },
    { ...board, contracts: { control: {} } },
    { ...board, contracts: { control: { ...contract, lifespanUs: 'x' } } },
    { ...board, descriptor: { ...descriptor, streams: [{}] } },
    { ...board, descriptor: 'x' },
    { ...gone, index: -1 },
    { ...alarm, board: '' },
    { ...alarm, active: 'yes' },
    { ...alarm, sinceUtcUs: 1e300 },
    { ...log, text: null },
    { ...late, count: null },
    { ...late, consumerUs: 'x' },
  ].map((event) => JSON.stringify(event)),
])('%.80s is not', (json) => {
  expect(parseTextEvent(json)).toBeUndefined();
});

test('an alarm as its topic has it', () => {
  const told = { board: 'pico', id: 'x', active: false, text: 'y', since: '2023-11-14T22:13:20.000Z' };
  expect(parseAlarm(JSON.stringify(told))).toEqual({
    type: 'alarm',
    board: 'pico',
    id: 'x',
    active: false,
    text: 'y',
    sinceUtcUs: 1_700_000_000e6,
  });
  expect(parseAlarm(JSON.stringify({ ...told, since: 'yesterday' }))).toBeUndefined();
  expect(parseAlarm('7')).toBeUndefined();
});
