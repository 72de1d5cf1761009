// biome-ignore-all lint/suspicious/noExplicitAny: what comes from the wire and from the official client has no types here.
import { Presence, Socket } from 'phoenix';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { decodeFrames } from '../sdk/columns.js';
import { SOFT_BOUND_BYTES } from './phoenix/outbox.js';
import { Bench } from './testing/bench.js';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let bench: Bench;
const sockets: any[] = [];
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await bench.close();
});

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 20_000, interval: 2 });
const joined = (channel: any) =>
  new Promise<any>((resolve, reject) => channel.join().receive('ok', resolve).receive('error', reject));

function official(params: object = {}): any {
  const socket = new Socket(bench.url, {
    transport: WebSocket,
    params,
    reconnectAfterMs: () => 20,
    rejoinAfterMs: () => 20,
  } as any);
  sockets.push(socket);
  socket.connect();
  return socket;
}

/** Sequence numbers of `frames` payloads in either encoding. */
function seqs(payloads: any[]): number[] {
  return payloads.flatMap((payload) =>
    payload instanceof ArrayBuffer
      ? decodeFrames(new Uint8Array(payload))!.groups.flatMap((group) => [...group.seq])
      : payload.frames.map((frame: any) => frame.seq),
  );
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test.each(['json', 'binary'])('the official client gets every frame, %s', async (encoding) => {
  const channel = official().channel('frames:pico', { encoding });
  const payloads: any[] = [];
  channel.on('frames', (payload: any) => payloads.push(payload));
  const reply = await joined(channel);
  expect(reply).toMatchObject({ epoch: bench.epoch, recovered: false, encoding });
  for (let i = 0; i < 20; i++) {
    bench.frames(30);
    await bench.settled();
  }
  await until(() => seqs(payloads).length === 600);
  expect(seqs(payloads)).toEqual(range(0, 600));
});

test('both encodings carry the same values', async () => {
  const socket = official();
  const text: any[] = [];
  const channel = socket.channel('frames:pico', { encoding: 'json' });
  channel.on('frames', (payload: any) => text.push(payload));
  await joined(channel);
  const binaryChannel = official().channel('frames:pico', { encoding: 'binary' });
  const binary: any[] = [];
  binaryChannel.on('frames', (payload: any) => binary.push(payload));
  await joined(binaryChannel);
  bench.frames(3);
  await until(() => text.length > 0 && binary.length > 0);
  const columns = decodeFrames(new Uint8Array(binary[0]))!;
  const [group] = columns.groups;
  expect(columns).toMatchObject({ epoch: text[0].epoch, offset: text[0].offset });
  expect(group!.values.map((column) => [...column])).toEqual([
    [0, 1, 2],
    [0.1, 1.1, 2.1],
    [0.2, 1.2, 2.2],
    [0.3, 1.3, 2.3],
  ]);
  expect(text[0].frames[1].values).toEqual({ speed: 1, current: 1.1, duty: 1.2, temperature: 1.3 });
  expect(text[0].frames[1]).toMatchObject({
    stream: 'control',
    boot: '0000002a',
    verdict: 'met',
    culprit: 'none',
    lifespanUs: 60e6,
  });
  expect([...group!.utcUs].every((us) => Math.abs(us - Date.now() * 1e3) < 60e6)).toBe(true);
});

test.each(['json', 'binary'])(
  'after a time away the official client recovers every missed frame in order, %s',
  async (encoding) => {
    const payloads: any[] = [];
    const replies: any[] = [];
    let since: object | undefined;
    const socket = official();
    const channel = socket.channel('frames:pico', () => ({ encoding, since }));
    channel.on('frames', (payload: any) => {
      payloads.push(payload);
      const { epoch, offset } = payload instanceof ArrayBuffer ? decodeFrames(new Uint8Array(payload))! : payload;
      since = { epoch, offset };
    });
    channel.join().receive('ok', (reply: any) => replies.push(reply));
    await until(() => replies.length === 1);
    bench.frames(100);
    await until(() => seqs(payloads).length === 100);
    socket.conn.terminate();
    await until(() => bench.gateway.clients.count === 0);
    for (let i = 0; i < 10; i++) {
      bench.frames(900);
      await bench.settled();
    }
    await until(() => seqs(payloads).length === 9100);
    bench.frames(50);
    await until(() => seqs(payloads).length === 9150);
    expect(replies.at(-1)).toMatchObject({ recovered: true });
    expect(seqs(payloads)).toEqual(range(0, 9150));
  },
);

test('frames that come during a recovery follow it, none twice and none lost', async () => {
  bench.frames(5000);
  await bench.settled();
  const client = await bench.connect();
  const reply = client.join('frames:pico', { since: { epoch: bench.epoch, offset: 0 } });
  for (let i = 0; i < 30; i++) {
    bench.frames(20);
    await bench.settled();
  }
  expect((await reply).response).toMatchObject({ offset: 0, recovered: true });
  await until(() => seqs(client.events('frames').map((message) => message[4])).length >= 5600);
  expect(seqs(client.events('frames').map((message) => message[4]))).toEqual(range(0, 5600));
});

test.each([
  ['another run of the bridge', { epoch: 'deadbeef', offset: 10 }],
  ['an offset of the future', { epoch: '00c0ffee', offset: 1e9 }],
])('%s is not recovered, and says so', async (_name, since) => {
  bench.frames(100);
  await bench.settled();
  const client = await bench.connect();
  const { response } = await client.join('frames:pico', { since });
  expect(response).toMatchObject({ recovered: false, offset: 100 });
});

test('a client that comes from another gateway and is ahead of this one goes on where it was', async () => {
  bench.frames(100);
  await bench.settled();
  const client = await bench.connect();
  const { response } = await client.join('frames:pico', { since: { epoch: bench.epoch, offset: 110 } });
  expect(response).toMatchObject({ recovered: true, offset: 110 });
  bench.frames(5);
  await bench.settled();
  bench.frames(15);
  const got = () => seqs(client.events('frames').map((message) => message[4]));
  await until(() => got().includes(119));
  bench.frames(1);
  await until(() => got().includes(120));
  expect(got()).toEqual(range(110, 121));
});

test.each([
  ['between frames', 20],
  ['up to the newest', 0],
])('slots that never came, %s, do not hold up a recovery, and are told', async (_where, after) => {
  bench.frames(10);
  bench.feed.lose(30);
  if (after > 0) bench.frames(after);
  await bench.settled();
  const client = await bench.connect();
  await client.join('frames:pico', { since: { epoch: bench.epoch, offset: 0 } });
  await until(() => seqs(client.events('frames').map((message) => message[4])).length === 10 + after);
  bench.frames(1);
  await until(() => seqs(client.events('frames').map((message) => message[4])).length === 11 + after);
  expect(seqs(client.events('frames').map((message) => message[4]))).toEqual(range(0, 11 + after));
  expect(client.events('dropped').map((message) => message[4])).toEqual([
    { culprit: 'outlet', count: null, fromOffset: 10, toOffset: 40 },
  ]);
});

test('what the ring no longer holds is not recovered, and says so', async () => {
  await bench.close();
  bench = await Bench.open({ seconds: 1 });
  for (let i = 0; i < 10; i++) {
    bench.frames(500);
    await bench.settled();
  }
  const client = await bench.connect();
  const { response } = await client.join('frames:pico', { since: { epoch: bench.epoch, offset: 0 } });
  expect(response).toMatchObject({ recovered: false, offset: 5000 });
});

test.each([
  [{ encoding: 'xml' }],
  [{ since: { epoch: 1, offset: 2 } }],
  [{ since: { epoch: 'x', offset: -1 } }],
  [{ batch: 'yes' }],
])('a join with %j is refused with the reason', async (payload) => {
  const client = await bench.connect();
  const reply = await client.join('frames:pico', payload);
  expect(reply.status).toBe('error');
  expect(reply.response.reason).toMatch(/must be/);
});

test('two boards do not mix', async () => {
  bench.addBoard('nano', 1);
  const client = await bench.connect();
  await until(() => bench.gateway.state.boards.has('nano'));
  await client.join('frames:nano');
  bench.frames(5);
  bench.frames(3, { board: 1 });
  bench.frames(5);
  await until(() => seqs(client.events('frames').map((message) => message[4])).length === 3);
  expect(client.events('frames').every((message) => message[2] === 'frames:nano')).toBe(true);
});

test.each([true, false])('other streams are told between the frames before and after, batch: %s', async (batch) => {
  const client = await bench.connect();
  const { response } = await client.join('frames:pico', { batch });
  const names = (streams: any[]) => streams[0].signals.map(({ name }: any) => name);
  expect(response.boot).toBe('0000002a');
  bench.frames(2);
  bench.reflash('0000002b');
  bench.frames(1, { boot: 0x2b });
  await until(() => seqs(client.events('frames').map((message) => message[4])).length === 3);
  const told = client.received.filter((message) => ['frames', 'streams'].includes(message[3]));
  expect(told.map((message) => message[3])).toEqual(['frames', 'streams', 'frames']);
  expect(told[1]![4]).toMatchObject({ boot: '0000002b', streams: [{ id: 1, name: 'control' }] });
  expect(names(told[1]![4].streams)).toEqual(names(response.streams).reverse());
  expect(told[0]![4].frames[1].values).toEqual({ speed: 1, current: 1.1, duty: 1.2, temperature: 1.3 });
  expect(told[2]![4].frames[0].values).toEqual({ temperature: 2, duty: 2.1, current: 2.2, speed: 2.3 });
  // Back from the same boot, with nothing new to say: no event.
  bench.reflash('0000002b');
  bench.frames(1, { boot: 0x2b });
  await until(() => seqs(client.events('frames').map((message) => message[4])).length === 4);
  expect(client.events('streams')).toHaveLength(1);
});

test('recovered frames of an earlier boot are named as they were', async () => {
  bench.frames(1);
  bench.reflash('0000002b');
  bench.frames(1, { boot: 0x2b });
  bench.frames(1, { boot: 0x99 });
  await bench.settled();
  const client = await bench.connect();
  await client.join('frames:pico', { since: { epoch: bench.epoch, offset: 0 } });
  await until(() => seqs(client.events('frames').map((message) => message[4])).length === 3);
  const frames = client.events('frames').flatMap((message) => message[4].frames);
  expect(frames.map(({ stream, values }) => [stream, Object.keys(values)[0]])).toEqual([
    ['control', 'speed'],
    ['control', 'temperature'],
    ['1', 'value0'],
  ]);
});

test.each([
  ['consumer', 'the client did not read', SOFT_BOUND_BYTES],
  ['outlet', 'the gateway came too late', 0],
])('a recovery that the ring overtakes is charged to the %s when %s', async (culprit, _when, unreadBytes) => {
  await bench.close();
  bench = await Bench.open({ seconds: 4 });
  bench.frames(3500);
  await bench.settled();
  const { wire, events } = bench.joinAtOnce('frames:pico', { since: { epoch: bench.epoch, offset: 0 } });
  const begun = seqs(events('frames')).length;
  expect(begun).toBeLessThan(3500);
  wire.bufferedBytes = unreadBytes;
  // Of a client that does not read, the next turn finds it so; else the ring turns over before that turn.
  if (unreadBytes > 0)
    await until(() => (bench.gateway.topics.frames as any).recovering.values().next().value.isHeldUp);
  bench.frames(10_000);
  await bench.settled();
  wire.bufferedBytes = 0;
  await until(() => seqs(events('frames')).includes(13_499));
  expect(events('dropped')[0]).toMatchObject({ culprit, count: null, fromOffset: begun });
});

test('who is on the topics of an id that the board has no more is told so, and gets nothing more there', async () => {
  bench.addUnknownBoard('board-2', 1);
  await until(() => bench.gateway.state.boards.has('board-2'));
  const client = await bench.connect();
  await client.join('board:board-2');
  await client.join('frames:board-2', { batch: false });
  bench.addBoard('nano', 1);
  bench.frames(1, { board: 1 });
  await until(() => client.events('gone').length === 2);
  const gone = client.events('gone').map((message) => [message[2], message[4].reason]);
  const reason = 'the board is called "nano" now';
  expect(gone.sort()).toEqual([
    ['board:board-2', reason],
    ['frames:board-2', reason],
  ]);
  await client.join('frames:nano', { batch: false });
  bench.frames(1, { board: 1 });
  await until(() => client.events('frames').length > 0);
  expect(new Set(client.events('frames').map((message) => message[2]))).toEqual(new Set(['frames:nano']));
});

test('an id that the board has lost just now is not joined any more', async () => {
  bench.addUnknownBoard('board-2', 1);
  await until(() => bench.gateway.state.boards.has('board-2'));
  // In the ring, and nobody has been woken yet.
  bench.feed.text({ type: 'board', index: 1, id: 'nano', path: '', descriptor: null, boot: '00000000', contracts: {} });
  const { joined } = bench.joinAtOnce('frames:board-2', {});
  expect(joined).toMatchObject({ ok: false, response: { reason: expect.stringContaining('no board "board-2"') } });
});

test('many subscribers are served in batches, and one that asks gets every frame at once', async () => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => bench.connect()));
  await Promise.all(clients.map((client, i) => client.join('frames:pico', i === 0 ? { batch: false } : {})));
  const before = bench.gateway.context.counters.writes;
  for (let i = 0; i < 50; i++) {
    bench.frames(1);
    await bench.settled();
  }
  const all = (index: number) => seqs(clients[index]!.events('frames').map((message) => message[4]));
  await until(() => clients.every((_, i) => all(i).length === 50));
  expect(all(19)).toEqual(range(0, 50));
  expect(clients[0]!.events('frames').length).toBeGreaterThan(clients[1]!.events('frames').length);
  expect(bench.gateway.context.counters.writes - before).toBeLessThan(20 * 50);
});

test('presence of the official client shows who watches', async () => {
  const first = official({ name: 'ada' }).channel('board:pico', {});
  const presence: any = new Presence(first);
  await joined(first);
  await until(() => presence.list().length === 1);
  const second = official({ name: 'grace' });
  await joined(second.channel('board:pico', {}));
  const names = () => presence.list((name: string) => name).sort();
  await until(() => names().join() === 'ada,grace');
  second.disconnect();
  await until(() => names().join() === 'ada');
});
