import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { TOPICS_MAX } from './phoenix/socket.js';
import { Bench } from './testing/bench.js';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 30_000, interval: 5 });

/** Status of an upgrade that is refused. */
async function refusal(path: string, headers: Record<string, string> = {}): Promise<number> {
  const socket = new WebSocket(`ws://${bench.address}${path}`, { headers });
  socket.on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  socket.terminate();
  return response.statusCode;
}

/** The gateway still serves others. */
async function stillServes(): Promise<void> {
  const client = await bench.connect();
  expect(await client.join('board:pico')).toMatchObject({ status: 'ok' });
  expect(bench.posted.filter((message) => message.type === 'log')).toEqual([]);
}

test('another version, another origin, another host and another path are refused before the upgrade', async () => {
  expect(await refusal('/socket/websocket')).toBe(400);
  expect(await refusal('/socket/websocket?vsn=1.0.0')).toBe(400);
  expect(await refusal('/socket/websocket?vsn=2.0.0', { origin: 'https://evil.example' })).toBe(403);
  expect(await refusal('/socket/websocket?vsn=2.0.0', { host: 'evil.example' })).toBe(403);
  expect(await refusal('/socket/elsewhere?vsn=2.0.0')).toBe(404);
  expect(await refusal(`/socket/websocket?vsn=2.0.0&name=${'x'.repeat(33)}`)).toBe(400);
  expect(bench.gateway.clients.count).toBe(0);
  await stillServes();
});

test('the page of the bridge itself may connect', async () => {
  const client = await bench.connect('vsn=2.0.0', { origin: `http://${bench.address}` });
  expect(await client.join('bridge:lobby')).toMatchObject({ status: 'ok' });
});

test('with a token the upgrade needs it', async () => {
  await bench.close();
  bench = await Bench.open({ http: { token: 's3cret' } });
  expect(await refusal('/socket/websocket?vsn=2.0.0')).toBe(401);
  expect(await refusal('/socket/websocket?vsn=2.0.0&token=wrong')).toBe(401);
  await bench.connect('vsn=2.0.0&token=s3cret');
});

test('a message over the limit ends the connection with 1009', async () => {
  const client = await bench.connect();
  client.socket.send('x'.repeat(20_000));
  expect((await client.closed).code).toBe(1009);
  await stillServes();
});

test('more fragments than the limit end the connection', async () => {
  const client = await bench.connect();
  for (let i = 0; i < 40; i++) client.socket.send('x', { fin: false });
  expect([1006, 1008, 1009]).toContain((await client.closed).code);
  await stillServes();
});

test.each(['{', '[]', '"x"', '[1,2,3,4,5]', '', `["1","1","${'t'.repeat(200)}","e",{}]`, '['.repeat(5000)])(
  'what is no message of the protocol ends the connection with a reason: %.20s',
  async (text) => {
    const client = await bench.connect();
    client.socket.send(text);
    expect(await client.closed).toEqual({ code: 4400, reason: 'not a message of Phoenix Channels version 2' });
    await stillServes();
  },
);

test.each([[Buffer.alloc(0)], [Buffer.of(0, 255, 255, 255, 255)], [Buffer.of(9, 9, 9)]])(
  'binary garbage ends the connection: %j',
  async (bytes) => {
    const client = await bench.connect();
    client.socket.send(bytes);
    expect((await client.closed).code).toBe(4400);
    await stillServes();
  },
);

test('bytes that are no WebSocket frames end the connection', async () => {
  const socket = connect(bench.gateway.port, '127.0.0.1');
  socket.write(
    `GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\nHost: ${bench.address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  await once(socket, 'data');
  socket.write(Buffer.alloc(2000, 0xff));
  socket.on('error', () => {});
  await once(socket, 'close');
  await stillServes();
});

test.each(['nonsense', 'board:', 'board:nobody', 'board:pico:more', 'frames:__proto__', '', ':', 'phoenix'])(
  'a join of the topic "%s" is refused and the connection goes on',
  async (topic) => {
    const client = await bench.connect();
    expect((await client.join(topic)).status).toBe('error');
    expect((await client.call('phoenix', 'heartbeat')).status).toBe('ok');
  },
);

test('a payload that is no object is refused, whatever the event', async () => {
  const client = await bench.connect();
  for (const payload of [null, 1, 'x', []]) expect((await client.join('board:pico', payload)).status).toBe('error');
  await client.join('board:pico', {}, '1');
  for (const payload of [null, 1, 'x', []])
    expect((await client.call('board:pico', 'command', payload, '1')).status).toBe('error');
  for (const payload of [
    {},
    { name: 'ARM' },
    { name: 'arm', arguments: ['1'] },
    { name: 'arm', arguments: [1, 2, 3, 4, 5] },
  ])
    expect((await client.call('board:pico', 'command', payload, '1')).status).toBe('error');
  expect((await client.call('board:pico', 'constructor', {}, '1')).status).toBe('error');
  await stillServes();
});

test('a push to a topic that was not joined, or by an earlier join, is refused', async () => {
  const client = await bench.connect();
  expect(await client.call('frames:pico', 'ack', {}, '1')).toMatchObject({
    status: 'error',
    response: { reason: 'unmatched topic' },
  });
  await client.join('frames:pico', {}, '2');
  expect((await client.call('frames:pico', 'ack', {}, '1')).response.reason).toBe('unmatched topic');
});

test('a second join takes the place of the first, which is closed', async () => {
  const client = await bench.connect();
  await client.join('frames:pico', {}, '1');
  await client.join('frames:pico', {}, '2');
  expect(client.events('phx_close').map((message) => message[0])).toEqual(['1']);
  bench.frames(1);
  await client.next((message) => message[3] === 'frames');
  expect(client.events('frames')).toHaveLength(1);
  expect(bench.gateway.topics.frames.subscribers).toBe(1);
});

test('after leaving nothing comes, and one can join again', async () => {
  const client = await bench.connect();
  await client.join('frames:pico', {}, '1');
  expect((await client.call('frames:pico', 'phx_leave', {}, '1')).status).toBe('ok');
  await until(() => client.events('phx_close').length === 1);
  bench.frames(5);
  await bench.settled();
  expect(bench.gateway.topics.frames.subscribers).toBe(0);
  await client.join('frames:pico', {}, '2');
  bench.frames(5);
  await client.next((message) => message[3] === 'frames');
  expect(client.events('frames')[0]?.[4].frames[0].seq).toBe(5);
});

test('a leave of an earlier join does not end the present one', async () => {
  const client = await bench.connect();
  await client.join('board:pico', {}, '1');
  await client.join('board:pico', {}, '2');
  await client.call('board:pico', 'phx_leave', {}, '1');
  expect((await client.call('board:pico', 'command', {}, '2')).response.reason).toMatch(/name/);
});

test('a flood of joins is cut, and leaves nothing behind', async () => {
  const client = await bench.connect();
  for (let i = 0; i < 2000 && client.socket.readyState === WebSocket.OPEN; i++)
    client.send(`${i}`, `${i}`, 'board:pico', 'phx_join');
  expect((await client.closed).code).toBe(4029);
  await until(() => bench.gateway.clients.count === 0);
  await stillServes();
});

test('a client may be in the topics of as many boards as a bridge takes, joined at once, and in no more', async () => {
  const ids = Array.from({ length: 64 }, (_, i) => `b${i + 1}`);
  for (const [i, id] of ids.entries()) bench.addBoard(id, i + 1);
  await until(() => bench.gateway.state.boards.size === 65);
  const client = await bench.connect();
  const topics = ['bridge:lobby', ...ids.flatMap((id) => [`board:${id}`, `frames:${id}`])];
  const replies = await Promise.all(topics.map((topic) => client.join(topic)));
  expect(replies.filter(({ status }) => status !== 'ok')).toEqual([]);
  expect((await client.join('frames:pico')).response.reason).toContain(`${TOPICS_MAX} topics`);
});

test('a client that never reads is bounded, told what it missed, and harms nobody', async () => {
  const slow = await bench.connect();
  const good = await bench.connect();
  await slow.join('frames:pico', { encoding: 'json' }, '1');
  await good.join('frames:pico', { encoding: 'json' });
  slow.socket.pause();
  const { counters } = bench.gateway.context;
  const sent = () => bench.seq;
  const got = (client: typeof good) => client.events('frames').flatMap((message) => message[4].frames);
  for (let i = 0; i < 2000 && counters.conflated < 5; i++) {
    bench.frames(200);
    await bench.settled();
    if (i % 10 === 0) await until(() => got(good).length === sent());
  }
  expect(counters.conflated).toBeGreaterThanOrEqual(5);
  slow.socket.resume();
  const missing = () => slow.events('dropped').reduce((sum, message) => sum + message[4].count, 0);
  await until(() => {
    bench.frames(1);
    return slow.events('dropped').length > 0;
  });
  await bench.settled();
  await until(() => got(slow).length + missing() === sent());
  await until(() => got(good).length === sent());
  expect(bench.gateway.context.delivery.misses.totals.consumer).toBe(missing());
  expect(counters.cut).toBe(0);
}, 120_000);

test('a client that asks and never reads the answers is cut', async () => {
  const client = await bench.connect();
  const { counters } = bench.gateway.context;
  await client.join('bridge:lobby');
  client.socket.pause();
  const detail = 'x'.repeat(2000);
  for (let i = 0; i < 20_000 && counters.cut === 0; i++) {
    bench.gateway.receive({ type: 'outlets', outlets: [{ name: 'mqtt', up: true, detail, restarts: i, info: {} }] });
    if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(counters.cut).toBe(1);
  await until(() => bench.gateway.clients.count === 0);
  await stillServes();
});

test('a handler that throws answers with an error, is logged, and the gateway goes on', async () => {
  const client = await bench.connect();
  await client.join('board:pico', {}, '1');
  bench.gateway.commands.send = () => {
    throw new Error('planted');
  };
  const reply = await client.call('board:pico', 'command', { name: 'arm' }, '1');
  expect(reply).toMatchObject({ status: 'error', response: { reason: expect.stringContaining('internal error') } });
  expect(bench.posted).toContainEqual(
    expect.objectContaining({ type: 'log', text: expect.stringContaining('planted') }),
  );
  expect((await client.call('phoenix', 'heartbeat')).status).toBe('ok');
});
