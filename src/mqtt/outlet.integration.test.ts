import { afterEach, expect, test } from 'vitest';
import { createHealthRecord } from '../feed/events.js';
import { linkStates } from '../feed/slot.js';
import {
  boardText,
  descriptor,
  freshFrame,
  lateMiss,
  Mosquitto,
  OutletRig,
  Subscriber,
  sleep,
  waitFor,
} from './broker.rig.js';

const cleanups: (() => unknown)[] = [];
const later = <T>(made: T, cleanup: (made: T) => unknown): T => {
  cleanups.push(() => cleanup(made));
  return made;
};
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const mosquitto = async (settings: readonly string[] = []) => later(await Mosquitto.start(settings), (b) => b.stop());
const listen = async (url: string, topic?: string, options?: object) =>
  later(await Subscriber.start(url, topic, options), (s) => s.stop());
const outlet = (settings: Record<string, unknown>, overrides = {}) =>
  later(new OutletRig('mqtt', settings, undefined, overrides), (rig) => rig.worker.terminate());

test('says on connecting who it is, which boards are there and what they are, retained', async () => {
  const broker = await mosquitto();
  const rig = outlet({ url: broker.url });
  rig.text(boardText);
  await rig.connected();
  expect(rig.of('status').at(-1)!.detail).toContain('MQTT 5');
  await sleep(50);
  const subscriber = await listen(broker.url);
  await waitFor('bridge/state', () => subscriber.last('tautline/bridge/state') === 'online');
  await waitFor('availability', () => subscriber.last('tautline/pico/availability') === 'online');
  expect(subscriber.json('tautline/bridge/info')[0]).toMatchObject({ name: 'tautline', epoch: '1234abcd' });
  expect(subscriber.json('tautline/pico/descriptor')[0]).toEqual(descriptor);
  expect(subscriber.messages.every((message) => message.retain)).toBe(true);
});

test.each([
  ['silent', 'offline'],
  ['streaming', 'online'],
] as const)(
  'after a restart of the worker a board that is %s is %s, and was said to be nothing else',
  async (link, word) => {
    const broker = await mosquitto();
    const subscriber = await listen(broker.url);
    const rig = outlet({ url: broker.url }, { texts: [boardText] });
    await rig.connected();
    await waitFor('the birth', () => subscriber.last('tautline/bridge/state') === 'online');
    rig.feed.health(Object.assign(createHealthRecord(), { board: 0, link: linkStates.indexOf(link) }));
    rig.feed.wakeParked();
    const heard = () => subscriber.on('tautline/pico/availability').map(({ payload }) => payload.toString());
    await waitFor('availability', () => heard().at(-1) === word);
    expect(heard()).toEqual([word]);
  },
);

test('publishes the latest state, never retained, and says once that it is stale', async () => {
  const broker = await mosquitto();
  const subscriber = await listen(broker.url);
  const rig = outlet({ url: broker.url, stateHz: 1000 });
  rig.text(boardText);
  await rig.connected();
  rig.frame(freshFrame(7));
  const topic = 'tautline/pico/control/state';
  await waitFor('the stale state', () => subscriber.json(topic).some((state) => state.live === false));
  await sleep(400);
  const states = subscriber.json(topic);
  expect(states.map((state) => state.live)).toEqual([true, false]);
  expect(states[0]).toMatchObject({
    board: 'pico',
    stream: 'control',
    boot: '0badcafe',
    seq: 7,
    releaseUs: 7000,
    lifespanUs: 250_000,
    verdict: 'met',
    values: { speed: 0.7, current: 1.2, target: 1500, duty: 42 },
  });
  expect(subscriber.on(topic).map((message) => [message.retain, message.qos])).toEqual([
    [false, 0],
    [false, 0],
  ]);
  expect(subscriber.on(topic)[0]!.expiry).toBe(1);
});

test('a bridge that dies leaves its will, one that stops says goodbye', async () => {
  const broker = await mosquitto();
  const subscriber = await listen(broker.url);
  const rig = outlet({ url: broker.url });
  rig.text(boardText);
  await waitFor('online', () => subscriber.last('tautline/bridge/state') === 'online');
  await rig.worker.terminate();
  await waitFor('the will', () => subscriber.last('tautline/bridge/state') === 'offline');

  const next = outlet({ url: broker.url }, { epoch: 'ffff0001' });
  next.text(boardText);
  await waitFor('online again', () => subscriber.last('tautline/bridge/state') === 'online');
  await waitFor('availability', () => subscriber.last('tautline/pico/availability') === 'online');
  expect(await next.stop()).toBe(0);
  await waitFor('goodbye', () => subscriber.last('tautline/bridge/state') === 'offline');
  await waitFor('goodbye of the board', () => subscriber.last('tautline/pico/availability') === 'offline');
});

test('misses arrive in order, also those from before the broker came', async () => {
  const broker = await mosquitto();
  await broker.down();
  const rig = outlet({ url: broker.url });
  rig.text(boardText);
  for (let seq = 0; seq < 100; seq++) rig.miss(lateMiss(seq));
  await waitFor('trouble', () =>
    rig.of('status').some((status) => !status.up && status.detail.includes('nothing listens there')),
  );
  await broker.up();
  const subscriber = await listen(broker.url);
  for (let seq = 100; seq < 200; seq++) rig.miss(lateMiss(seq));
  const topic = 'tautline/pico/control/miss';
  await waitFor('the last miss', () => subscriber.json(topic).some((miss) => miss.seq === 199));
  const seqs = subscriber.json(topic).map((miss) => miss.seq as number);
  expect([...seqs].sort((a, b) => a - b)).toEqual(seqs);
  expect(subscriber.on(topic).every((message) => message.qos === 1 && !message.retain)).toBe(true);
  expect(subscriber.json(topic).at(-1)).toMatchObject({
    verdict: 'late',
    latenessUs: 2000,
    culprit: 'host',
    segments: { firmwareUs: 200, linkUs: 800, hostUs: 11_000 },
    evidence: { cause: 'loop busy', busyUs: 10_500 },
  });
  await waitFor('an empty outbox', () => rig.metric('tautline_outbox_depth') === 0);
});

test('a broker that stands is to blame for what it takes late, and the outlet is not', async () => {
  const broker = await mosquitto();
  const rig = outlet({ url: broker.url });
  rig.text(boardText);
  await rig.connected();
  process.kill(broker.pid, 'SIGSTOP');
  rig.miss(lateMiss(1));
  rig.feed.wakeParked();
  await sleep(1000);
  process.kill(broker.pid, 'SIGCONT');
  await waitFor('the delivery miss', () => rig.of('delivery-miss').length > 0);
  const [told] = rig.of('delivery-miss');
  expect(told).toMatchObject({ board: 'pico', stream: 'control', client: 'broker', culprit: 'consumer', count: 1 });
  expect(told!.consumerUs).toBeGreaterThan(900_000);
});

test('two bridges on one broker: the first says so, leaves what the other says now as it is, and keeps its own', async () => {
  const broker = await mosquitto();
  const subscriber = await listen(broker.url);
  const first = outlet({ url: broker.url }, { epoch: 'aaaa0001' });
  first.text(boardText);
  await first.connected();
  let sent = 0;
  /** Until it has heard a request that was sent after this was called, and so everything that was said before. */
  const heard = async () => {
    const before = sent;
    while ((first.metric('tautline_mqtt_requests_ignored_total') ?? 0) <= before) {
      await subscriber.client.publishAsync('tautline/uno/request/arm', '{}', { qos: 1 });
      sent++;
      await sleep(100);
    }
  };
  // It subscribes a moment after it has connected: what comes before that it hears as if of an earlier run.
  await heard();
  const second = outlet({ url: broker.url }, { epoch: 'bbbb0002' });
  await second.connected();
  await waitFor('the alarm', () => first.of('alarm').find(({ id, active }) => id === 'mqtt-second-bridge' && active));

  second.text({ ...boardText, id: 'uno' } as typeof boardText);
  second.text({ type: 'alarm', board: 'uno', id: 'degraded', active: true, text: 'why', sinceUtcUs: 1.7e15 });
  await waitFor('the other board', () => subscriber.last('tautline/uno/availability') === 'online');
  await waitFor('its alarm', () => subscriber.on('tautline/uno/alarm/degraded').length > 0);
  await heard();
  expect(subscriber.on('tautline/uno/availability').map(({ payload }) => String(payload))).toEqual(['online']);
  expect(subscriber.json('tautline/uno/alarm/degraded').map(({ active }) => active)).toEqual([true]);
  // The second took it for a board of an earlier run when it came.
  const own = 'tautline/pico/availability';
  await waitFor('the answer', () => subscriber.on(own).length > 2 && subscriber.last(own) === 'online');
});
