import { createServer, type Server, Socket } from 'node:net';
import mqtt from 'mqtt';
import { writeToStream } from 'mqtt-packet';
import { afterEach, expect, test, vi } from 'vitest';
import { EmbeddedBroker, limits, PortError } from './broker.js';
import { boardText, freePort, freshFrame, Mosquitto, OutletRig, Subscriber, waitFor } from './broker.rig.js';
import { BrokerConnection, type Session } from './client.js';

const cleanups: (() => unknown)[] = [];
const later = <T>(made: T, cleanup: (made: T) => unknown): T => {
  cleanups.push(() => cleanup(made));
  return made;
};
afterEach(async () => {
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const quiet = { port: 0, portIsExplicit: false, username: '', password: '', warn: () => undefined };
const embedded = async (options: Partial<Parameters<typeof EmbeddedBroker.start>[0]> = {}) =>
  later(await EmbeddedBroker.start({ ...quiet, ...options }), (broker) => broker.stop());
const urlOf = (broker: { port: number }) => `mqtt://127.0.0.1:${broker.port}`;
const worker = (...args: ConstructorParameters<typeof OutletRig>) =>
  later(new OutletRig(...args), (rig) => rig.worker.terminate());
const listen = async (url: string) =>
  later(await Subscriber.start(url, 'tautline/#', { protocolVersion: 4 }), (s) => s.stop());

function occupy(port: number): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen(port, '127.0.0.1', () => resolve(server));
    cleanups.push(() => server.close());
  });
}

/** Connects as the outlet does, and waits for the session. */
async function connection(url: string, versions: readonly (4 | 5)[]) {
  const sessions: Session[] = [];
  const troubles: string[] = [];
  const made = new BrokerConnection(
    {
      url,
      username: '',
      password: '',
      clientId: 'tautline-test',
      will: { topic: 'tautline/bridge/state', payload: 'offline' },
      subscriptions: [],
      versions,
    },
    {
      up: (session) => sessions.push(session),
      down: (text) => troubles.push(text),
      acknowledged: () => undefined,
      message: () => undefined,
      deaf: () => undefined,
      takenOver: () => undefined,
    },
  );
  cleanups.push(() => made.stop([]));
  made.start();
  await waitFor('a session', () => sessions.length > 0);
  return { made, sessions, troubles };
}

const brokerPort = (rig: OutletRig) =>
  waitFor('the port of the broker', () => rig.of('ready').at(-1)?.info.port as number | undefined);

const tell = (rig: OutletRig, port: number) =>
  rig.worker.postMessage({
    type: 'outlets',
    outlets: [{ name: 'broker', up: true, detail: '', restarts: 0, info: { port } }],
  });

test('the embedded broker makes no buffer for each of 65,536 numbers', () => {
  expect(writeToStream.cacheNumbers).toBe(false);
});

test('the outlet finds the embedded broker, and finds it again on another port after a restart', async () => {
  const first = worker('broker', { port: 0 });
  const outlet = worker('mqtt', { stateHz: 1000 });
  outlet.text(boardText);
  await waitFor('patience', () =>
    outlet.of('ready').some(({ waitsFor }) => waitsFor === 'waiting for the embedded broker'),
  );
  const port = await brokerPort(first);
  const subscriber = await listen(`mqtt://127.0.0.1:${port}`);
  // Each word of it would come back as another of these.
  outlet.worker.postMessage({ type: 'outlets', outlets: [] });
  tell(outlet, port);
  await outlet.connected();
  expect(outlet.of('status').map(({ detail }) => detail)).toEqual([`connected to 127.0.0.1:${port}, MQTT 3.1.1`]);
  outlet.frame(freshFrame(1));
  await waitFor('a state', () => subscriber.json('tautline/pico/control/state').length > 0);
  await first.worker.terminate();
  await waitFor('the loss', () => outlet.of('status').at(-1)!.up === false);

  const second = worker('broker', { port: 0 });
  const next = await brokerPort(second);
  tell(outlet, next);
  await outlet.connected();
  const late = await listen(`mqtt://127.0.0.1:${next}`);
  const retained = ['tautline/pico/availability', 'tautline/bridge/state'];
  await waitFor('the retained birth', () => retained.every((topic) => late.last(topic) === 'online'));
  expect(await second.stop()).toBe(0);
});

test('a busy default port moves to the next free one and says so', async () => {
  const port = await freePort();
  await occupy(port);
  const rig = worker('broker', { port });
  const actual = await brokerPort(rig);
  expect(actual).toBeGreaterThan(port);
  expect(rig.of('log').some(({ text }) => text.includes(`port ${port} is in use`) && text.includes(`:${actual}`))).toBe(
    true,
  );
});

test('a busy port that was asked for ends the start with exit code 2 and the remedy', async () => {
  const port = await freePort();
  await occupy(port);
  const rig = worker('broker', { port }, undefined, { explicit: ['mqtt.port'] });
  const fatal = await waitFor('the verdict', () => rig.of('fatal')[0]);
  expect(fatal.exitCode).toBe(2);
  expect(fatal.text).toContain(`mqtt.port ${port} is in use`);
  await expect(EmbeddedBroker.start({ ...quiet, port, portIsExplicit: true })).rejects.toThrow(PortError);
});

test('neither a broker by URL nor the embedded one is a mistake of the configuration: exit code 2', async () => {
  const rig = worker('mqtt', { url: '', embedded: false });
  expect(await waitFor('the verdict', () => rig.of('fatal')[0])).toMatchObject({ exitCode: 2 });
});

test('a broker that refuses MQTT 5 gets 3.1.1', async () => {
  const { sessions, troubles } = await connection(urlOf(await embedded()), [5, 4]);
  expect(sessions).toHaveLength(1);
  expect(sessions[0]!.version).toBe(4);
  expect(troubles).toEqual([]);
});

test('TCP_NODELAY is set on every connection, also after a reconnect', async () => {
  const broker = later(await Mosquitto.start(), (b) => b.stop());
  const set = vi.spyOn(Socket.prototype, 'setNoDelay');
  const withNoDelay = () => new Set(set.mock.contexts.filter((_, i) => set.mock.calls[i]![0] === true));
  const { sessions } = await connection(broker.url, [5, 4]);
  const first = withNoDelay();
  expect(first.size).toBe(1);
  await broker.down();
  await broker.up();
  await waitFor('the next session', () => sessions.length > 1);
  expect(withNoDelay().size).toBeGreaterThan(first.size);
});

test('a packet over the bound ends its client, not the broker', async () => {
  const broker = await embedded();
  const witness = await listen(urlOf(broker));
  const client = mqtt.connect(urlOf(broker), { reconnectPeriod: 0 });
  client.on('error', () => undefined);
  later(client, (c) => c.endAsync(true));
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  client.publish('tautline/x', Buffer.alloc(limits.packetBytes + 1), { qos: 1 });
  await closed;
  await waitFor('the count', () => broker.metrics()['tautline_broker_refused_total{what="packet"}'] === 1);
  expect(witness.messages).toEqual([]);
  const other = later(await mqtt.connectAsync(urlOf(broker)), (c) => c.endAsync(true));
  await other.publishAsync('tautline/y', 'fine', { qos: 1 });
  await waitFor('the next message', () => witness.last('tautline/y') === 'fine');
});

test('a retained message that no longer fits is delivered, and forgotten with the value that it replaces', async () => {
  const warnings: string[] = [];
  const broker = await embedded({ warn: (text) => warnings.push(text) });
  const client = later(await mqtt.connectAsync(urlOf(broker)), (c) => c.endAsync(true));
  const retain = (topic: string, payload: string | Buffer) =>
    client.publishAsync(topic, payload, { qos: 1, retain: true });
  const topic = 'tautline/pico/availability';
  const early = await listen(urlOf(broker));
  await retain(topic, 'online');
  await retain('tautline/bridge/state', 'online');
  let leftBytes = limits.retainedBytes - `${topic}online`.length - 'tautline/bridge/stateonline'.length;
  for (let i = 100; leftBytes > 0; i++) {
    const bytes = Math.min(leftBytes, 250_000);
    await retain(`fill/${i}`, Buffer.alloc(bytes - 'fill/100'.length));
    leftBytes -= bytes;
  }
  await retain(topic, 'offline');
  await waitFor('the delivery', () => early.last(topic) === 'offline');
  const late = await listen(urlOf(broker));
  await waitFor('what is retained', () => late.last('tautline/bridge/state') === 'online');
  expect(late.on(topic)).toEqual([]);
  expect(warnings).toHaveLength(1);
  expect(broker.metrics()['tautline_broker_refused_total{what="retained"}']).toBe(1);
});

test('an embedded broker with a password lets nobody else in', async () => {
  const broker = await embedded({ username: 'bridge', password: 'right' });
  await expect(
    mqtt.connectAsync(urlOf(broker), { username: 'bridge', password: 'wrong', reconnectPeriod: 0 }),
  ).rejects.toThrow('Bad username or password');
  const client = await mqtt.connectAsync(urlOf(broker), { username: 'bridge', password: 'right' });
  await client.endAsync(true);
});

test('a password without a user name is one: the outlet sends both, the embedded broker and Mosquitto take them', async () => {
  const password = 'no-name';
  const broker = await embedded({ password });
  await expect(
    mqtt.connectAsync(urlOf(broker), { username: '', password: 'wrong', reconnectPeriod: 0 }),
  ).rejects.toThrow('Bad username or password');
  const outlet = worker('mqtt', { password });
  tell(outlet, broker.port);
  await outlet.connected();
  const mosquitto = later(await Mosquitto.start(), (b) => b.stop());
  await worker('mqtt', { url: mosquitto.url, password }).connected();
});

test('a client that asks to be remembered is not: nothing piles up for it while it is away', async () => {
  const broker = await embedded();
  const options = { clientId: 'sleeper', clean: false, reconnectPeriod: 0 };
  const sleeper = await mqtt.connectAsync(urlOf(broker), options);
  await sleeper.subscribeAsync('tautline/#', { qos: 1 });
  await sleeper.endAsync(true);
  const other = later(await mqtt.connectAsync(urlOf(broker)), (c) => c.endAsync(true));
  await other.publishAsync('tautline/y', 'missed', { qos: 1 });
  const again = mqtt.connect(urlOf(broker), options);
  later(again, (c) => c.endAsync(true));
  const connack = await new Promise<{ sessionPresent: boolean }>((resolve) => again.once('connect', resolve));
  expect(connack.sessionPresent).toBe(false);
});
