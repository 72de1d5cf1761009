/** What clients get when connections break: the official Phoenix client over the socket, Mosquitto with MQTT 5 as the broker. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { Mosquitto, Subscriber, waitFor } from '../mqtt/broker.rig.js';
import { BridgeProcess, type BridgeSettings } from './bridge.rig.js';
import { metric, PhoenixFrames } from './frames.rig.js';
import { until } from './processes.rig.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function bridge(settings: BridgeSettings = {}): BridgeProcess {
  const process = BridgeProcess.start(settings);
  closers.push(() => process.dispose());
  return process;
}

test('the official Phoenix client is away for 10 s, and then has every frame in order', async () => {
  const tautline = bridge();
  await tautline.streams();
  const url = await tautline.url();
  const client = new PhoenixFrames(url, 'pico');
  closers.push(() => client.close());
  await client.more(500);
  await client.away();
  const before = client.check.frames;
  await sleep(10_000);
  expect(client.check.frames).toBe(before);
  client.back();
  await client.more(5000);
  client.break();
  await until('the third join', () => client.recovered.length === 3);
  await client.more(500);
  expect(client.recovered).toEqual([false, true, true]);
  expect(client.check).toMatchObject({ disorder: [], boots: [expect.any(String)] });
  const lost = await metric(url, 'tautline_frames_total', 'verdict="lost"');
  expect(client.check.missing).toBeLessThanOrEqual(lost + client.dropped);
});

test('Mosquitto with MQTT 5: birth, expiring states, misses once and in order, and the will of a bridge that was killed', async () => {
  const broker = await Mosquitto.start();
  closers.push(() => broker.stop());
  const subscriber = await Subscriber.start(broker.url);
  closers.push(() => subscriber.stop());
  const tautline = bridge({ args: ['--set', `mqtt.url=${broker.url}`] });
  await tautline.says(/connected to 127\.0\.0\.1:\d+, MQTT 5/);
  const state = 'tautline/pico/control/state';
  await waitFor('live states', () => subscriber.json(state).filter(({ live }) => live).length > 5);
  expect(subscriber.last('tautline/bridge/state')).toBe('online');
  expect(subscriber.last('tautline/pico/availability')).toBe('online');
  expect(JSON.parse(subscriber.last('tautline/pico/descriptor')!)).toMatchObject({ streams: [{ name: 'control' }] });
  const live = subscriber.on(state).filter(({ payload }) => JSON.parse(payload.toString()).live);
  expect(new Set(live.map(({ expiry }) => expiry))).toEqual(new Set([1]));
  expect(live.every(({ retain }) => !retain)).toBe(true);

  // A bridge that stands still for 300 ms is late: the misses say so, and come once.
  tautline.child.kill('SIGSTOP');
  await sleep(300);
  tautline.child.kill('SIGCONT');
  const misses = 'tautline/pico/control/miss';
  await waitFor('misses', () => subscriber.on(misses).length > 20);
  const told = subscriber.on(misses).map(({ payload }) => payload.toString());
  expect(told.filter((each, i) => told.indexOf(each) < i)).toEqual([]);

  await tautline.kill('SIGKILL');
  await waitFor('the will', () => subscriber.last('tautline/bridge/state') === 'offline');

  // The next bridge finds what the dead one left, and puts it right; an orderly end says all by itself.
  const next = bridge({ args: ['--set', `mqtt.url=${broker.url}`] });
  await waitFor('the next bridge', () => subscriber.last('tautline/bridge/state') === 'online');
  await next.streams();
  await waitFor('its board', () => subscriber.last('tautline/pico/availability') === 'online');
  await next.kill('SIGTERM');
  await waitFor('its end', () => subscriber.last('tautline/bridge/state') === 'offline');
  expect(subscriber.last('tautline/pico/availability')).toBe('offline');
  expect(subscriber.messages.map(({ topic }) => topic).filter((topic) => topic.includes('board-1'))).toEqual([]);
});
