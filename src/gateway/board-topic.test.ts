// biome-ignore-all lint/suspicious/noExplicitAny: JSON of the wire has no types here.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { armStates } from '../codec/schema.js';
import { createMissRecord, createStatsRecord } from '../feed/events.js';
import { SOFT_BOUND_BYTES } from './phoenix/outbox.js';
import { Bench, contract } from './testing/bench.js';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());
const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 2 });

test('a join tells the whole board, and the rate that it got', async () => {
  bench.frames(2);
  await bench.settled();
  const client = await bench.connect();
  const { response } = await client.join('board:pico', { rateHz: 15 });
  expect(response).toMatchObject({
    epoch: bench.epoch,
    rateHz: 20,
    board: { id: 'pico', status: 'streaming', alarms: [] },
  });
  expect(response.board.streams[0].state).toMatchObject({ seq: 1, live: true });
});

test.each([0, -1, 'fast', null])('the rate %j is refused', async (rateHz) => {
  const client = await bench.connect();
  expect((await client.join('board:pico', { rateHz })).response.reason).toContain('rateHz');
});

test('the rate is high enough that a live value does not go stale between two states', async () => {
  const client = await bench.connect();
  expect((await client.join('board:pico', { rateHz: 1 })).response.rateHz).toBe(10);
});

test('the rate is looked at anew when the board is known better, or other firmware has another contract', async () => {
  bench.addUnknownBoard('nano', 1);
  await until(() => expect(bench.gateway.state.boards.has('nano')).toBe(true));
  const client = await bench.connect();
  expect((await client.join('board:nano', { rateHz: 1 })).response.rateHz).toBe(1);
  const rates = () => [...(bench.gateway.topics as any).boardTopics.get('nano').groups.keys()];
  expect(rates()).toEqual([1]);
  bench.addBoard('nano', 1);
  await until(() => expect(rates()).toEqual([10]));
  bench.addBoard('nano', 1, { contracts: { control: { ...contract, lifespanUs: 1e6 } } });
  await until(() => expect(rates()).toEqual([2]));
  bench.frames(1, { board: 1 });
  await client.next((message) => message[3] === 'state');
});

test('states are conflated to the newest, and the end of a value is told', async () => {
  const client = await bench.connect();
  await client.join('board:pico', { rateHz: 1 });
  const live = () => client.events('state').filter((message) => message[4].live);
  while (live().length === 0) {
    bench.frames(500, { lifespanUs: 250_000 });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await bench.settled();
  const stale = await client.next(
    (message) => message[3] === 'state' && message[4].seq === bench.seq - 1 && !message[4].live,
  );
  expect(stale[4].ageUs + stale[4].uncertaintyUs).toBeGreaterThan(stale[4].lifespanUs);
  expect(live().every((message) => message[4].seq % 500 === 499)).toBe(true);
});

test('who was over the bound when the newest state was sent gets it later, though none follows', async () => {
  const { wire, events } = bench.joinAtOnce('board:pico', { rateHz: 60 });
  wire.bufferedBytes = SOFT_BOUND_BYTES;
  bench.frames(1);
  await until(() => expect(bench.gateway.context.counters.conflated).toBeGreaterThan(0));
  expect(events('state')).toEqual([]);
  wire.bufferedBytes = 0;
  await until(() => expect(events('state')).toEqual([expect.objectContaining({ seq: 0 })]));
});

test('stats, health, alarms, logs and the going of a board reach the topic', async () => {
  const client = await bench.connect();
  await client.join('board:pico');
  bench.feed.stats(Object.assign(createStatsRecord(), { board: 0, stream: 1, rateHz: 1000 }));
  bench.health(0);
  bench.text({ type: 'alarm', board: 'pico', id: 'firm', active: true, text: '989 of 1000', sinceUtcUs: 5 });
  bench.text({ type: 'log', board: 'pico', level: 'info', text: 'hello', utcUs: 6 });
  bench.text({ type: 'board-gone', index: 0, id: 'pico', reason: 'unplugged' });
  for (const event of ['health', 'alarm', 'log', 'gone', 'stats']) await client.next((message) => message[3] === event);
  expect(client.events('stats')[0]?.[4]).toMatchObject({ stream: 'control', rateHz: 1000, verdicts: { met: 0 } });
  expect(client.events('gone')[0]?.[4]).toEqual({ reason: 'unplugged' });
  bench.addBoard('pico', 0);
  const back = await client.next((message) => message[3] === 'board');
  expect(back[4]).toMatchObject({ id: 'pico', gone: null });
});

test('figures are told when they come, not again and again while the loop hangs and says nothing', async () => {
  const client = await bench.connect();
  await client.join('board:pico');
  bench.feed.stats(Object.assign(createStatsRecord(), { board: 0, stream: 1, rateHz: 1000 }));
  bench.feed.wakeParked();
  await client.next((message) => message[3] === 'stats');
  for (let seconds = 0; seconds < 3; seconds++) (bench.gateway.topics as any).everySecond();
  await client.call('phoenix', 'heartbeat');
  expect(client.events('stats')).toHaveLength(1);
});

test('a flood of misses is cut to a hundred a second and the rest is counted', async () => {
  const client = await bench.connect();
  await client.join('board:pico');
  for (let i = 0; i < 500; i++)
    bench.feed.miss(Object.assign(createMissRecord(), { board: 0, stream: 1, verdict: 1, firstSeq: i }));
  bench.feed.wakeParked();
  await until(() => {
    const dropped = client.events('dropped').reduce((sum, message) => sum + message[4].count, 0);
    expect(client.events('miss').length + dropped).toBe(500);
  });
  expect(client.events('miss').length).toBeGreaterThanOrEqual(100);
  expect(client.events('dropped')[0]?.[4].event).toBe('miss');
});

test('misses that the gateway itself has lost are told as an unknown number', async () => {
  const { events } = bench.joinAtOnce('board:pico', {});
  const { offset } = bench.feed.events;
  const slots = bench.feed.events.ring.window + 1;
  while (bench.feed.events.offset - offset < slots)
    bench.feed.miss(Object.assign(createMissRecord(), { board: 0, stream: 1, verdict: 1 }));
  bench.feed.wakeParked();
  await until(() => expect(events('dropped')).toContainEqual({ event: 'miss', count: null }));
});

test('who armed holds control, until the outputs are given up', async () => {
  const client = await bench.connect('vsn=2.0.0&name=ada');
  await client.join('board:pico', {}, '1');
  const command = async (name: string) => {
    const reply = client.call('board:pico', 'command', { name }, '1');
    let request: any;
    await until(() => {
      request = bench.posted.find(({ type }) => type === 'command');
      expect(request).toBeDefined();
    });
    bench.posted.length = 0;
    bench.gateway.receive({ type: 'answer', request: request.request, answer: { ok: true, detail: name } });
    expect(await reply).toMatchObject({ status: 'ok', response: { detail: name } });
  };
  const control = () => client.events('presence_diff').at(-1)?.[4].joins.ada?.metas[0].control;
  await command('arm');
  await until(() => expect(control()).toBe(true));
  await command('disarm');
  await until(() => expect(control()).toBe(false));
  // Nor when the board has tripped, or somebody else has disarmed it; but not before it is known to have been armed.
  await command('arm');
  await until(() => expect(control()).toBe(true));
  const since = client.received.length;
  bench.health(0, { arm: armStates.disarmed });
  bench.health(0, { arm: armStates.armed });
  await until(() => expect(client.received.slice(since).some((message) => message[4].arm === 'armed')).toBe(true));
  const { presence } = (bench.gateway.topics as any).boardTopics.get('pico');
  expect(presence.state().ada.metas[0].control).toBe(true);
  bench.health(0, { arm: armStates.tripped });
  await until(() => expect(control()).toBe(false));
});

test('a stranger to the topic hears nothing of it', async () => {
  const client = await bench.connect();
  bench.frames(5);
  bench.text({ type: 'alarm', board: 'pico', id: 'firm', active: true, text: '', sinceUtcUs: 5 });
  await bench.settled();
  await client.call('phoenix', 'heartbeat');
  expect(client.received.map((message) => message[3])).toEqual(['phx_reply']);
});

test('an idle topic keeps no timers', async () => {
  const client = await bench.connect();
  await client.join('board:pico', {}, '1');
  await client.call('board:pico', 'phx_leave', {}, '1');
  const topics = (bench.gateway.topics as any).boardTopics as Map<string, unknown>;
  await until(() => expect(topics.size).toBe(0));
});

test('misses come with their segments and culprit', async () => {
  const client = await bench.connect();
  await client.join('board:pico');
  const miss = Object.assign(createMissRecord(), {
    board: 0,
    stream: 1,
    verdict: 1,
    culprit: 3,
    boot: 42,
    firstSeq: 9,
    latenessUs: 1200,
    hostUs: 11_000,
  });
  bench.feed.miss(miss);
  bench.feed.wakeParked();
  const event = await client.next((message) => message[3] === 'miss');
  expect(event[4]).toMatchObject({
    seq: 9,
    verdict: 'late',
    culprit: 'host',
    latenessUs: 1200,
    evidence: null,
    segments: { hostUs: 11_000, linkUs: null },
  });
});
