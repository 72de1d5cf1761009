import { expect, test } from 'vitest';
import { DESCRIPTOR_BYTES_MAX } from '../codec/schema.js';
import { contract, descriptor } from '../gateway/testing/bench.js';
import { PlainStream } from '../loop/plain.js';
import { parseAlarm, parseSession, parseTextEvent } from './text-event.js';

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

test('a board that prints plain lines is one, though it has told no descriptor', () => {
  const plain = new PlainStream(9600);
  plain.take([{ name: 'speed', value: 1, unit: 'rpm' }], 1);
  const told = { ...board, descriptor: plain.descriptor, contracts: { plain: contract } };
  expect(parseTextEvent(JSON.stringify(told))).toEqual(told);
});

test('so is one whose descriptor is longer as we write it than as the board did', () => {
  const signals = Array.from({ length: 60 }, (_, i) => ({
    ...descriptor.streams[0]!.signals[0]!,
    name: `signal${i}`,
    scale: 1e-6,
    unit: 'x'.repeat(16),
  }));
  const told = { ...board, descriptor: { ...descriptor, streams: [{ ...descriptor.streams[0]!, signals }] } };
  expect(JSON.stringify(told.descriptor).length).toBeGreaterThan(DESCRIPTOR_BYTES_MAX);
  expect(parseTextEvent(JSON.stringify(told))).toEqual(told);
});

/** Deeper than what can be written again. */
const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

test.each([
  `{"since":${deep}}`,
  '{"since":{"toString":1,"valueOf":1}}',
  `{"type":"log","board":null,"level":"info","text":"x","utcUs":1,"more":${deep}}`,
  `{"type":"board","descriptor":${deep}}`,
  '{"type":"log","board":null,"level":"info","text":"x","utcUs":1e300}',
])('nothing that anybody may publish throws: %.60s', (json) => {
  for (const parse of [parseTextEvent, parseAlarm, parseSession])
    expect(() => JSON.stringify(parse(json))).not.toThrow();
});

test('what is not known of a text goes no further', () => {
  expect(parseTextEvent(JSON.stringify({ ...log, more: 1 }))).toEqual(log);
});

test('a contract that is what every object has is none', () => {
  const [stream] = descriptor.streams;
  const named = { ...board, descriptor: { ...descriptor, streams: [{ ...stream!, name: 'constructor' }] } };
  expect(parseTextEvent(JSON.stringify({ ...named, contracts: {} }))).toBeUndefined();
  expect(parseTextEvent(JSON.stringify({ ...named, contracts: { constructor: contract } }))).toBeDefined();
});

test('a session is a board, the run that it is of, and whether it is gone', () => {
  const told = JSON.stringify({ ...board, epoch: '00c0ffee', gone: null });
  expect(parseSession(told)).toEqual({ epoch: '00c0ffee', board, gone: null });
  expect(parseSession(JSON.stringify({ ...board, epoch: '00c0ffee', gone: 'unplugged' }))!.gone).toEqual(gone);
  expect(parseSession(JSON.stringify({ ...board, epoch: {}, gone: null }))).toBeUndefined();
  expect(parseSession('')).toBeUndefined();
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
