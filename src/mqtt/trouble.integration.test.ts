import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import mqtt from 'mqtt';
import { generate } from 'mqtt-packet';
import { afterEach, expect, test } from 'vitest';
import type { Descriptor } from '../codec/descriptor.js';
import { Feed } from '../feed/feed.js';
import { readRings } from '../feed/outlet-reader.js';
import { monotonicUs, utcUs } from '../host-clock.js';
import { type FromOutlet, WAKE } from '../outlet.js';
import { decodeFrames } from '../sdk/columns.js';
import { Backoff } from './backoff.js';
import {
  boardText,
  descriptor,
  freshFrame,
  lateMiss,
  Mosquitto,
  OutletRig,
  outletStart,
  Subscriber,
  sleep,
  waitFor,
} from './broker.rig.js';
import { Link } from './link.rig.js';
import { MqttOutlet } from './outlet.js';

const cleanups: (() => unknown)[] = [];
const later = <T>(made: T, cleanup: (made: T) => unknown): T => {
  cleanups.push(() => cleanup(made));
  return made;
};
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const mosquitto = async (settings: readonly string[] = []) => later(await Mosquitto.start(settings), (b) => b.stop());
const listen = async (url: string, topic?: string) => later(await Subscriber.start(url, topic), (s) => s.stop());
const relay = async (broker: Mosquitto) => later(await Link.start(broker.port), (link) => link.stop());
const outlet = (settings: Record<string, unknown>, feed?: Feed) =>
  later(new OutletRig('mqtt', settings, feed), (rig) => rig.worker.terminate());

/** A copy: the columns are mapped, and mqtt.js hands out slices of its read buffer. */
const columns = (payload: Buffer) => decodeFrames(new Uint8Array(payload))!;

/** The outlet in this thread, with a patience for tests: in the worker 200 reconnects would take minutes of backoff. */
function outletHere(url: string) {
  const feed = Feed.create({ slotsPerSecond: 1000, seconds: 30 });
  const start = outletStart('mqtt', { url }, feed);
  const { port1, port2 } = new MessageChannel();
  const said: FromOutlet[] = [];
  const clock = { nowUs: monotonicUs, utcUs };
  const made = new MqttOutlet(start, '0.0.0', (message) => said.push(message), clock, new Backoff(random(1), 5));
  const reader = readRings(start, made.handlers, port2);
  feed.onParked(1, () => port1.postMessage(WAKE));
  made.start();
  cleanups.push(async () => {
    reader.close();
    await made.stop();
    port1.close();
  });
  const depth = () => {
    const newest = said.findLast((message) => message.type === 'metrics');
    return newest?.values.tautline_outbox_depth;
  };
  return { feed, said, depth };
}

const missTopic = 'tautline/pico/control/miss';
const framesTopic = 'tautline/pico/control/frames';

/** mulberry32. */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('200 cuts of the line: no miss is lost, and once repeats are removed they are in order', async () => {
  const broker = await mosquitto();
  const subscriber = await listen(broker.url, missTopic);
  const link = await relay(broker);
  const { feed, said, depth } = outletHere(link.url);
  feed.text(boardText);
  const draw = random(20);
  let seq = 0;
  for (let cuts = 0; cuts < 200; ) {
    for (let n = Math.floor(draw() * 40); n > 0; n--) feed.miss(lateMiss(seq++));
    feed.wakeParked();
    await sleep(draw() * 10);
    if (link.connections === cuts) continue;
    link.cut();
    cuts = link.connections;
  }
  feed.miss(lateMiss(seq++));
  feed.wakeParked();
  await waitFor('the last miss', () => subscriber.last(missTopic)?.includes(`"seq":${seq - 1},`));
  const unique = [...new Set(subscriber.json(missTopic).map((miss) => miss.seq as number))];
  expect(unique).toEqual(Array.from({ length: seq }, (_, i) => i));
  await waitFor('an empty outbox', () => depth() === 0);
  expect(said.filter((message) => message.type === 'alarm')).toEqual([]);
}, 180_000);

test('what is in flight stays within the Receive Maximum of the broker', async () => {
  const broker = await mosquitto(['max_inflight_messages 5']);
  const subscriber = await listen(broker.url, missTopic);
  const link = await relay(broker);
  const rig = outlet({ url: link.url });
  rig.text(boardText);
  await rig.connected();
  for (let seq = 0; seq < 1000; seq++) rig.miss(lateMiss(seq));
  await waitFor('the last miss', () => subscriber.on(missTopic).length >= 1000);
  expect(link.inFlightMax).toBeLessThanOrEqual(5);
  expect(link.inFlightMax).toBeGreaterThan(1);
});

test('every frame arrives once and in order when frames are on, and of a broker that is away none is kept, counted and alarmed', async () => {
  const broker = await mosquitto();
  const subscriber = await listen(broker.url, framesTopic);
  const link = await relay(broker);
  const rig = outlet({ url: link.url, frames: true });
  rig.text(boardText);
  await rig.connected();
  const seqs = () => subscriber.on(framesTopic).flatMap(({ payload }) => [...columns(payload).groups[0]!.seq]);
  for (let seq = 0; seq < 1000; seq++) rig.frame(freshFrame(seq));
  await waitFor('all frames', () => seqs().length === 1000);
  expect(seqs()).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(rig.said.filter((message) => message.type === 'log' && message.level === 'error')).toEqual([]);

  link.allow(false);
  await waitFor('the loss of the line', () => rig.of('status').at(-1)?.up === false);
  for (let seq = 1000; seq < 2000; seq++) rig.frame(freshFrame(seq));
  await sleep(100);
  link.allow(true);
  await waitFor('the line again', () => rig.of('status').at(-1)?.up);
  rig.frame(freshFrame(2000));
  await waitFor('the next frame', () => seqs().at(-1) === 2000);
  expect(seqs().filter((seq) => seq >= 1000)).toEqual([2000]);
  await waitFor('the count', () => rig.metric('tautline_mqtt_dropped_total{path="frames"}'));
  const alarm = await waitFor('the alarm', () => rig.of('alarm').find(({ id }) => id === 'mqtt-slow-broker'));
  expect(alarm).toMatchObject({ active: true, text: expect.stringContaining('is away or does not keep up') });
});

test('with QoS 1 every frame of a broker that comes and goes arrives, and once repeats are removed they are in order', async () => {
  const broker = await mosquitto();
  const subscriber = await listen(broker.url, framesTopic);
  const link = await relay(broker);
  const rig = outlet({ url: link.url, frames: true, framesQos: 1 });
  rig.text(boardText);
  await rig.connected();
  let seq = 0;
  for (let cut = 0; cut < 3; cut++) {
    for (const end = seq + 500; seq < end; seq++) rig.frame(freshFrame(seq));
    link.allow(false);
    await waitFor('the loss of the line', () => rig.of('status').at(-1)?.up === false);
    for (const end = seq + 500; seq < end; seq++) rig.frame(freshFrame(seq));
    link.allow(true);
    await waitFor('the line again', () => rig.of('status').at(-1)?.up);
  }
  // Without a next frame: what waited for others to go with it goes, too.
  const seqs = () => subscriber.on(framesTopic).flatMap(({ payload }) => [...columns(payload).groups[0]!.seq]);
  await waitFor('the last frame', () => seqs().includes(seq - 1));
  expect([...new Set(seqs())]).toEqual(Array.from({ length: seq }, (_, i) => i));
});

test('a broker that does not read costs frames, counted and alarmed, and no memory; then the outlet goes on', async () => {
  const wide: Descriptor = structuredClone(descriptor);
  const stream = wide.streams[0]!;
  (stream as { signals: unknown }).signals = Array.from({ length: 64 }, (_, i) => ({
    ...stream.signals[0]!,
    name: `s${i}`,
  }));
  const broker = await mosquitto();
  const subscriber = await listen(broker.url, framesTopic);
  const link = await relay(broker);
  const feed = Feed.create({ slotsPerSecond: 8000, seconds: 30 });
  const rig = outlet({ url: link.url, frames: true }, feed);
  rig.text({ ...boardText, descriptor: wide } as typeof boardText);
  await rig.connected();
  link.stall(true);
  const dropped = () => rig.metric('tautline_mqtt_dropped_total{path="frames"}') ?? 0;
  let seq = 0;
  await waitFor('dropped frames', () => {
    for (let n = 0; n < 500; n++) {
      const frame = freshFrame(seq++);
      frame.count = 64;
      rig.frame(frame);
    }
    return dropped() > 0;
  });
  await waitFor('the alarm', () => rig.of('alarm').some((alarm) => alarm.id === 'mqtt-slow-broker' && alarm.active));
  link.stall(false);
  await waitFor('a frame after the stall', () => {
    rig.frame(Object.assign(freshFrame(seq++), { count: 64 }));
    const newest = subscriber.on(framesTopic).at(-1);
    return newest !== undefined && columns(newest.payload).groups[0]!.seq.at(-1)! > seq - 100;
  });
});

test('a broker that gives our session away (0x8E) is not fought with: the outlet stops and raises an alarm', async () => {
  // Mosquitto 2.0.11 only hangs up, so this one says by a script what later brokers say.
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(generate({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, { protocolVersion: 5 }));
      socket.end(generate({ cmd: 'disconnect', reasonCode: 0x8e }, { protocolVersion: 5 }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later(server, (s) => s.close());
  const rig = outlet({ url: `mqtt://127.0.0.1:${(server.address() as { port: number }).port}` });
  const alarm = await waitFor('the alarm', () => rig.of('alarm').find(({ id }) => id === 'mqtt-taken-over'));
  expect(alarm).toMatchObject({ active: true, text: expect.stringContaining('another client with the same id') });
  await sleep(500);
  expect(connections).toBe(1);
  expect(rig.of('status').at(-1)!.up).toBe(false);
});

test('words that an earlier run left on the broker are corrected', async () => {
  const broker = await mosquitto();
  const old = mqtt.connect(broker.url, {
    protocolVersion: 5,
    will: { topic: 'tautline/bridge/state', payload: Buffer.from('offline'), retain: true, qos: 1 },
  });
  later(old, (client) => client.endAsync(true));
  old.on('error', () => undefined);
  await old.publishAsync('tautline/gone/availability', 'online', { retain: true, qos: 1 });
  const alarm = JSON.stringify({ board: 'gone', id: 'degraded', active: true, text: '', since: '' });
  await old.publishAsync('tautline/gone/alarm/degraded', alarm, { retain: true, qos: 1 });
  const subscriber = await listen(broker.url);
  const rig = outlet({ url: broker.url });
  rig.text(boardText);
  await rig.connected();
  await waitFor('the board that is gone', () => subscriber.last('tautline/gone/availability') === 'offline');
  await waitFor(
    'the alarm that is over',
    () => subscriber.json('tautline/gone/alarm/degraded').at(-1)?.active === false,
  );
  expect(subscriber.last('tautline/pico/availability')).toBe('online');
  old.stream.destroy(); // its will comes after our birth
  await waitFor(
    'the late will',
    () => subscriber.last('tautline/bridge/state') === 'offline' || subscriber.on('tautline/bridge/state').length > 2,
  );
  await waitFor('online again', () => subscriber.last('tautline/bridge/state') === 'online');
});

test('requests are counted and said once, and get no answer', async () => {
  const broker = await mosquitto();
  const subscriber = await listen(broker.url);
  const rig = outlet({ url: broker.url });
  await rig.connected();
  const client = mqtt.connect(broker.url);
  later(client, (c) => c.endAsync(true));
  // The outlet subscribes a moment after it has connected: what comes before that it never hears.
  for (let counted = 0; counted < 3; counted = rig.metric('tautline_mqtt_requests_ignored_total') ?? 0) {
    await client.publishAsync('tautline/pico/request/arm', '{}', { qos: 1 });
    await sleep(100);
  }
  expect(rig.of('log').filter(({ text }) => text.includes('commands over MQTT are off'))).toHaveLength(1);
  expect(subscriber.messages.filter(({ topic }) => topic.includes('/response/'))).toEqual([]);
});

test('a wrong password is named as such, without the password', async () => {
  const dir = later(mkdtempSync(join(tmpdir(), 'tautline-passwd-')), (d) => rmSync(d, { recursive: true }));
  chmodSync(dir, 0o755); // mosquitto gives up root
  const file = join(dir, 'passwd');
  spawnSync('mosquitto_passwd', ['-c', '-b', file, 'bridge', 'right']);
  const broker = await mosquitto(['allow_anonymous false', `password_file ${file}`]);
  const rig = outlet({ url: broker.url, username: 'bridge', password: 'wrong-secret' });
  const status = await waitFor('the refusal', () =>
    rig.of('status').find(({ detail }) => detail.includes('mqtt.username')),
  );
  expect(status.up).toBe(false);
  expect(JSON.stringify(rig.said)).not.toContain('wrong-secret');
  const good = outlet({ url: broker.url, username: 'bridge', password: 'right' });
  await good.connected();
});
