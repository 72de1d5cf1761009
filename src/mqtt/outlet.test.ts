import { afterEach, expect, test, vi } from 'vitest';
import { Feed } from '../feed/feed.js';
import type { FromOutlet, TextEvent } from '../outlet.js';
import { outletStart } from './broker.rig.js';
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
