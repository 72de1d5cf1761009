import { expect, test } from 'vitest';
import { Feed } from '../feed/feed.js';
import { outletStart } from './broker.rig.js';
import { MqttOutlet } from './outlet.js';

const feed = Feed.create({ slotsPerSecond: 100, seconds: 1 });
const clock = { nowUs: () => 0, utcUs: (us: number) => us };

test.each([
  [{ stateHz: 10 }, 20],
  [{ stateHz: 100 }, 10],
  [{ stateHz: 1000 }, 1],
  [{ stateHz: 10, frames: true }, 0],
])('with %o frames wait %i ms at most: no longer than a state may', (settings, patienceMs) => {
  const outlet = new MqttOutlet(outletStart('mqtt', settings, feed), '0.0.0', () => undefined, clock);
  let toldMs = Number.NaN;
  outlet.attach({ patience: (ms) => (toldMs = ms), look: () => undefined });
  expect(toldMs).toBe(patienceMs);
});
