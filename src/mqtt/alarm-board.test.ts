import { beforeEach, expect, test } from 'vitest';
import type { FromOutlet, TextEvent } from '../outlet.js';
import { AlarmBoard } from './alarm-board.js';
import { MqttMetrics } from './metrics.js';

let nowUs = 0;
let said: [id: string, active: boolean, text: string][] = [];
beforeEach(() => {
  nowUs = 0;
  said = [];
});

const create = () =>
  new AlarmBoard((message: FromOutlet) => {
    if (message.type === 'alarm') said.push([message.id, message.active, message.text]);
  });

/** A second passes, with its report. */
function seconds(board: AlarmBoard, count: number, metrics = new MqttMetrics()): void {
  for (let i = 0; i < count; i++) {
    nowUs += 1e6;
    board.losses(metrics, nowUs);
  }
}

const alarm = (id: string, active = true, board: string | null = null): Extract<TextEvent, { type: 'alarm' }> => ({
  ...{ type: 'alarm', board, id, active, text: 'as it was', sinceUtcUs: 1.7e15 },
});

test('a loss is an alarm until none has come for a minute', () => {
  const board = create();
  const metrics = new MqttMetrics();
  metrics.dropped.frames = 3;
  seconds(board, 30, metrics);
  metrics.dropped.frames = 5;
  seconds(board, 60, metrics);
  expect(said.map(([id, active]) => [id, active])).toEqual([['mqtt-slow-broker', true]]);
  seconds(board, 1, metrics);
  expect(said.at(-1)).toEqual(['mqtt-slow-broker', false, expect.stringContaining(' 5 batches')]);
});

test.each(['mqtt-outbox-full', 'mqtt-slow-broker', 'mqtt-rejected', 'mqtt-feed-lost', 'mqtt-second-bridge'])(
  '%s that an earlier worker left standing ends after a quiet minute',
  (id) => {
    const board = create();
    board.heard(alarm(id), nowUs);
    seconds(board, 59);
    expect(said).toEqual([]);
    seconds(board, 10);
    expect(said.map(([told, active]) => [told, active])).toEqual([[id, false]]);
  },
);

test('an alarm that stands already is not said again when it goes on', () => {
  const board = create();
  board.heard(alarm('mqtt-slow-broker'), nowUs);
  board.heard(alarm('mqtt-second-bridge'), nowUs);
  const metrics = new MqttMetrics();
  metrics.dropped.frames = 3;
  board.secondBridge(nowUs);
  seconds(board, 50, metrics);
  expect(said).toEqual([]);
});

test('of an earlier worker that gave way to another client nothing stands once there is a connection', () => {
  const board = create();
  board.heard(alarm('mqtt-taken-over'), nowUs);
  seconds(board, 200);
  expect(said).toEqual([]);
  board.connected();
  board.connected();
  expect(said.map(([id, active]) => [id, active])).toEqual([['mqtt-taken-over', false]]);
});

test('what is over, or whose alarm it is not, is let be; its own words change nothing', () => {
  const board = create();
  for (const id of ['mqtt-slow-broker', 'mqtt-second-bridge', 'mqtt-taken-over']) {
    board.heard(alarm(id), nowUs);
    board.heard(alarm(id, false), nowUs);
  }
  board.heard(alarm('worker-gateway'), nowUs);
  board.heard(alarm('mqtt-slow-broker', true, 'pico'), nowUs);
  board.connected();
  seconds(board, 200);
  expect(said).toEqual([]);
  board.secondBridge(nowUs);
  board.heard(alarm('mqtt-second-bridge'), nowUs);
  seconds(board, 200);
  expect(said.map(([id, active]) => [id, active])).toEqual([
    ['mqtt-second-bridge', true],
    ['mqtt-second-bridge', false],
  ]);
});
