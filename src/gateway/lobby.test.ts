import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { OutletStart } from '../outlet.js';
import { Gateway } from './gateway.js';
import { Bench, type RawClient } from './testing/bench.js';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());
const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 2 });

const told = (client: RawClient) => client.events('boards').map((message) => message[4].boards[0].status);
const status = () => bench.gateway.topics.lobby.boards()[0]?.status;

test('a change back to what was told last is told, after a time in which nobody listened', async () => {
  const first = await bench.connect();
  expect((await first.join('bridge:lobby')).response.boards[0].status).toBe('streaming');
  bench.text({ type: 'board-gone', index: 0, id: 'pico', reason: 'unplugged' });
  await until(() => expect(told(first)).toEqual(['gone']));
  first.socket.terminate();
  await until(() => expect(bench.gateway.clients.count).toBe(0));
  bench.addBoard('pico', 0);
  bench.health(0);
  await until(() => expect(status()).toBe('streaming'));
  const second = await bench.connect();
  expect((await second.join('bridge:lobby')).response.boards[0].status).toBe('streaming');
  bench.text({ type: 'board-gone', index: 0, id: 'pico', reason: 'unplugged' });
  await until(() => expect(told(second).at(-1)).toBe('gone'));
});

test('what a join finds changed, those who are there are told, too', async () => {
  const first = await bench.connect();
  await first.join('bridge:lobby');
  bench.gateway.state.boards.get('pico')!.gone = 'unplugged';
  const second = await bench.connect();
  expect((await second.join('bridge:lobby')).response.boards[0].status).toBe('gone');
  await until(() => expect(told(first)).toEqual(['gone']));
  expect(told(second)).toEqual([]);
});

test('says whether commands are taken here: a gateway elsewhere takes none, and shows the time of the bridge', async () => {
  const client = await bench.connect();
  expect((await client.join('bridge:lobby')).response.readOnly).toBe(false);
  const utcOffset = new SharedArrayBuffer(8);
  new Float64Array(utcOffset)[0] = 5e15;
  const start = {
    config: {},
    epoch: '00c0ffee',
    startedUtcUs: 0,
    feedCursor: 0,
    texts: [],
    utcOffset,
  } as unknown as OutletStart;
  const elsewhere = new Gateway({ start, version: '1.2.3', post: () => {} });
  expect(elsewhere.context.readOnly).toBe(true);
  expect(elsewhere.context.clock.utcOffsetUs()).toBe(5e15);
  elsewhere.close();
});
