import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Qos1Window, type Sent, WINDOW_MAX } from './window.js';

const drain = (window: Qos1Window): Sent[] => {
  const sent: Sent[] = [];
  for (let next = window.next(); next !== null; next = window.next()) sent.push(next);
  return sent;
};
const payloads = (sent: readonly Sent[]) => sent.map(({ payload }) => payload);

test('nothing leaves before the connection is up', () => {
  const window = new Qos1Window();
  window.event('t', '1', 0);
  expect(window.next()).toBeNull();
  window.open(10);
  expect(window.next()?.payload).toBe('1');
});

test('in flight is at most what the broker receives, and never more than 64', () => {
  for (const [receiveMaximum, most] of [
    [3, 3],
    [65_535, WINDOW_MAX],
    [0, 1],
  ] as const) {
    const window = new Qos1Window();
    for (let i = 0; i < 200; i++) window.event('t', String(i), 0);
    window.open(receiveMaximum);
    expect(drain(window)).toHaveLength(most);
    expect(window.inFlight).toBe(most);
  }
});

test('after a cut the unacknowledged go first and in order, then the rest', () => {
  const window = new Qos1Window();
  for (let i = 0; i < 6; i++) window.event('t', String(i), 0);
  window.open(4);
  const sent = drain(window);
  window.acknowledge(sent[1]!.packetId);
  window.close();
  window.open(10);
  expect(payloads(drain(window))).toEqual(['0', '2', '3', '4', '5']);
});

test('of a state only the newest value waits, and a cut forgets it', () => {
  const window = new Qos1Window();
  window.open(10);
  window.state('a', '1');
  window.state('b', '1');
  window.state('a', '2');
  expect(drain(window).map(({ topic, payload, retain }) => [topic, payload, retain])).toEqual([
    ['b', '1', true],
    ['a', '2', true],
  ]);
  window.state('c', '1');
  window.close();
  window.open(10);
  expect(window.next()).toBeNull();
  expect(window.depth).toBe(0);
});

test('a full queue drops the oldest that was never sent, and counts it', () => {
  const window = new Qos1Window(3);
  window.open(1);
  window.event('t', '0', 0);
  expect(window.next()?.payload).toBe('0');
  for (let i = 1; i <= 5; i++) window.event('t', String(i), 0);
  expect(window.dropped).toEqual({ states: 0, events: 2, frames: 0 });
  window.close();
  window.open(10);
  expect(payloads(drain(window))).toEqual(['0', '3', '4', '5']);
});

test('frames go behind events, and push none of them out', () => {
  const window = new Qos1Window(2, 3);
  const batch = (n: number) => () => Uint8Array.of(n);
  for (let i = 0; i < 5; i++) window.frames('f', batch(i), 0, 0);
  window.event('t', 'e', 0);
  expect(window.dropped).toEqual({ states: 0, events: 0, frames: 2 });
  window.open(2);
  expect(drain(window).map(({ topic }) => topic)).toEqual(['t', 'f']);
  expect(window.isFree).toBe(false);
  window.close();
  window.open(10);
  const again = drain(window).map(({ payload }) => (typeof payload === 'string' ? payload : payload()[0]));
  expect(again).toEqual(['e', 2, 3, 4]);
  expect(window.isFree).toBe(true);
});

test('an acknowledgement of something unknown is nothing', () => {
  const window = new Qos1Window();
  window.open(10);
  expect(window.acknowledge(77)).toBeNull();
});

test('whatever is cut and acknowledged when: every event arrives, first arrivals in order, ids unique in flight', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), n: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ do: fc.constant('ack' as const), n: fc.integer({ min: 0, max: 10 }) }),
    fc.record({ do: fc.constant('cut' as const), n: fc.integer({ min: 1, max: 70 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const window = new Qos1Window();
      window.open(10);
      let added = 0;
      let limit = 10;
      const arrived: number[] = [];
      let flying: Sent[] = [];
      const send = () => {
        for (const sent of drain(window)) {
          expect(flying.some(({ packetId }) => packetId === sent.packetId)).toBe(false);
          flying.push(sent);
          arrived.push(Number(sent.payload));
        }
        expect(flying.length).toBeLessThanOrEqual(Math.min(limit, WINDOW_MAX));
      };
      for (const { do: what, n } of [...steps, { do: 'cut' as const, n: 50 }]) {
        if (what === 'add') for (let i = 0; i < n; i++) window.event('t', String(added++), 0);
        else if (what === 'ack') for (const sent of flying.splice(0, n)) window.acknowledge(sent.packetId);
        else {
          window.close();
          flying = [];
          limit = n;
          window.open(n);
        }
        send();
      }
      while (window.depth > 0) {
        for (const sent of flying.splice(0)) window.acknowledge(sent.packetId);
        send();
      }
      expect([...new Set(arrived)]).toEqual(Array.from({ length: added }, (_, i) => i));
    }),
  );
});

test('a long queue is walked through without growing', () => {
  const window = new Qos1Window();
  window.open(64);
  for (let i = 0; i < 50_000; i++) {
    window.event('t', String(i), 0);
    const sent = window.next()!;
    expect(sent.payload).toBe(String(i));
    window.acknowledge(sent.packetId);
  }
  expect(window.depth).toBe(0);
});
