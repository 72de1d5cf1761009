import { createServer } from 'node:net';
import { generate, type Packet, parser } from 'mqtt-packet';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { Feed } from '../feed/feed.js';
import type { FromOutlet, TextEvent } from '../outlet.js';
import { outletStart, waitFor } from './broker.rig.js';
import { MqttOutlet } from './outlet.js';

const feed = Feed.create({ slotsPerSecond: 100, seconds: 1 });
const clock = { nowUs: () => Date.now() * 1e3, utcUs: (us: number) => us };
afterEach(() => {
  vi.useRealTimers();
});

test.each([
  [{ stateHz: 10 }, 20],
  [{ stateHz: 100 }, 10],
  [{ stateHz: 1000 }, 1],
  [{ stateHz: 10, frames: true }, 0],
])('with %o frames wait %i ms at most: no longer than a state may', (settings, patienceMs) => {
  const outlet = new MqttOutlet(outletStart('mqtt', settings, feed), '0.0.0', () => undefined, clock);
  const patience = vi.fn();
  outlet.attach({ patience, look: () => undefined });
  expect(patience.mock.calls).toEqual([[patienceMs]]);
});

test('alarms that an earlier worker left standing end, those that were said after the cursor was stored, too', () => {
  vi.useFakeTimers();
  const said: FromOutlet[] = [];
  const alarm = (id: string): TextEvent => ({
    ...{ type: 'alarm', board: null, id, active: true, text: '', sinceUtcUs: 1.7e15 },
  });
  const start = outletStart('mqtt', {}, feed, { texts: [alarm('mqtt-slow-broker')] });
  const outlet = new MqttOutlet(start, '0.0.0', (message) => said.push(message), clock);
  outlet.start();
  outlet.handlers.text?.(alarm('mqtt-second-bridge'));
  vi.advanceTimersByTime(70_000);
  expect(said.filter(({ type }) => type === 'alarm')).toMatchObject([
    { id: 'mqtt-slow-broker', active: false },
    { id: 'mqtt-second-bridge', active: false },
  ]);
});

test('a broker that acknowledges nothing for a minute gets a new session, and what it did not take again', async () => {
  const connects: string[][] = [];
  const server = createServer((socket) => {
    const topics: string[] = [];
    connects.push(topics);
    const reader = parser({ protocolVersion: 5 });
    reader.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect')
        socket.write(generate({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, { protocolVersion: 5 }));
      else if (packet.cmd === 'publish') topics.push(packet.topic);
    });
    socket.on('data', (bytes) => reader.parse(bytes)).on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `mqtt://127.0.0.1:${(server.address() as { port: number }).port}`;
  const interval = vi.spyOn(globalThis, 'setInterval');
  const said: FromOutlet[] = [];
  const outlet = new MqttOutlet(outletStart('mqtt', { url }, feed), '0.0.0', (message) => said.push(message), clock);
  outlet.start();
  onTestFinished(() => outlet.stop());
  const [report] = interval.mock.calls.find(([, ms]) => ms === 1000)!;
  interval.mockRestore();
  await waitFor('the birth', () => connects[0]?.includes('tautline/bridge/state'));
  for (let second = 0; second <= 60; second++) report();
  expect(said.findLast(({ type }) => type === 'status')).toMatchObject({
    up: false,
    detail: expect.stringContaining('has acknowledged nothing for a minute'),
  });
  await waitFor('the birth again', () => connects[1]?.includes('tautline/bridge/state'));
});
