// biome-ignore-all lint/suspicious/noExplicitAny: JSON of the wire has no types here.
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EventParser } from '../sdk/phoenix/event-stream.js';
import { SOFT_BOUND_BYTES } from './phoenix/outbox.js';
import { Bench } from './testing/bench.js';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 2 });
const headers = { accept: 'text/event-stream' };

/** Opens a stream as any HTTP client does. */
async function open(query = 'vsn=2.0.0', more: Record<string, string> = {}) {
  const asked = request(`http://${bench.address}/socket/events?${query}`, { headers: { ...headers, ...more } });
  asked.on('error', () => {});
  const [response] = (await once(asked.end(), 'response')) as [any];
  const events: [name: string, data: any][] = [];
  const parser = new EventParser((name, data) => events.push([name, name === 'binary' ? data : JSON.parse(data)]));
  response.on('error', () => {});
  response.on('data', (data: Buffer) => parser.feed(data.toString()));
  const isOpen = response.statusCode === 200;
  if (isOpen) await until(() => expect(events[0]?.[0]).toBe('open'));
  const session: string = isOpen ? events[0]![1].session : '';
  const send = (body: unknown, to = session) =>
    bench.app.inject({
      method: 'POST',
      url: `/socket/events/${to}`,
      headers: { host: bench.address, 'content-type': 'application/json' },
      payload: JSON.stringify(body),
    });
  return { asked, response, events, session, send };
}

test('the messages of the socket, as events and by POST', async () => {
  const { response, events, session, send } = await open();
  expect(response.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store, no-transform',
    'x-content-type-options': 'nosniff',
  });
  expect(session).toMatch(/^[0-9a-f]{32}$/);
  expect((await send([['1', '1', 'board:pico', 'phx_join', {}]])).statusCode).toBe(204);
  await until(() => expect(events[1]).toMatchObject(['', ['1', '1', 'board:pico', 'phx_reply', { status: 'ok' }]]));
  await send([
    ['2', '2', 'frames:pico', 'phx_join', { encoding: 'binary' }],
    [null, '3', 'phoenix', 'heartbeat', {}],
  ]);
  await until(() => expect(events.map(([, data]) => data[1])).toEqual(expect.arrayContaining(['2', '3'])));
  bench.frames(1);
  await until(() => expect(events.some(([name]) => name === 'binary')).toBe(true));
  const bytes = Buffer.from(events.find(([name]) => name === 'binary')![1], 'base64');
  expect(bytes.subarray(3, 3 + 'frames:picoframes'.length).toString()).toBe('frames:picoframes');
});

test('it is checked as a WebSocket is, and must be asked for as what it is', async () => {
  expect((await open('vsn=1.0.0')).response.statusCode).toBe(400);
  expect((await open('vsn=2.0.0&name=%00')).response.statusCode).toBe(400);
  expect((await open('vsn=2.0.0', { origin: 'https://evil.example' })).response.statusCode).toBe(403);
  expect((await open('vsn=2.0.0', { accept: 'image/png' })).response.statusCode).toBe(406);
  expect((await open('vsn=2.0.0', { 'sec-fetch-site': 'cross-site' })).response.statusCode).toBe(403);
  expect(bench.gateway.clients.count).toBe(0);
  await bench.close();
  bench = await Bench.open({ http: { token: 's3cret' } });
  expect((await open()).response.statusCode).toBe(401);
  const { send } = await open('vsn=2.0.0', { authorization: 'Bearer s3cret' });
  expect((await send([[null, '3', 'phoenix', 'heartbeat', {}]])).statusCode).toBe(401);
});

test('who does not know the session cannot speak for it', async () => {
  const { send } = await open();
  const answer = await send([[null, '3', 'phoenix', 'heartbeat', {}]], '0'.repeat(32));
  expect(answer.statusCode).toBe(404);
  expect(answer.json().error).toBe('unknown-session');
});

test.each([[{}], [[]], [['x']], ['x']])('a body that is no list of messages is refused: %j', async (body) => {
  const { send } = await open();
  expect((await send(body)).statusCode).toBe(400);
});

test('what is no message of the protocol ends the stream with the reason', async () => {
  const { events, response, send } = await open();
  await send([[1, 2, 3, 4, 5]]);
  await once(response, 'end');
  expect(events.at(-1)).toEqual(['close', { code: 4400, reason: 'not a message of Phoenix Channels version 2' }]);
  await until(() => expect(bench.gateway.clients.count).toBe(0));
  expect((await send([[null, '3', 'phoenix', 'heartbeat', {}]])).statusCode).toBe(404);
});

test('a client that is gone leaves its topics', async () => {
  const { asked, events, send } = await open();
  await send([['2', '2', 'frames:pico', 'phx_join', {}]]);
  await until(() => expect(events).toHaveLength(2));
  expect(bench.gateway.topics.frames.subscribers).toBe(1);
  asked.destroy();
  await until(() => expect(bench.gateway.topics.frames.subscribers).toBe(0));
  expect([bench.gateway.clients.count, bench.gateway.eventStreams.count]).toEqual([0, 0]);
});

test('a client that does not read gets no more than its bounds', async () => {
  const socket = connect(bench.gateway.port, '127.0.0.1');
  const accept = 'Accept: text/event-stream';
  socket.write(`GET /socket/events?vsn=2.0.0 HTTP/1.1\r\nHost: ${bench.address}\r\n${accept}\r\n\r\n`);
  const [head] = (await once(socket, 'data')) as [Buffer];
  let text = head.toString();
  while (!text.includes('session')) text += String((await once(socket, 'data'))[0]);
  socket.pause();
  const session = /"session":"([0-9a-f]+)"/.exec(text)![1]!;
  await bench.app.inject({
    method: 'POST',
    url: `/socket/events/${session}`,
    headers: { host: bench.address, 'content-type': 'application/json' },
    payload: JSON.stringify([['2', '2', 'frames:pico', 'phx_join', { encoding: 'binary' }]]),
  });
  const response = [...(bench.gateway.clients as any).open.values()][0];
  await until(() => {
    bench.frames(500);
    expect(bench.gateway.context.counters.conflated).toBeGreaterThan(0);
  });
  // Base64 and the names of fields, and no more.
  expect(response.backlogBytes).toBeLessThan(SOFT_BOUND_BYTES * 1.5 + 4096);
  socket.destroy();
});

test('a client that reads gets all of what comes in one turn: what the kernel takes is no backlog', async () => {
  const { events, send } = await open();
  await send([['2', '2', 'frames:pico', 'phx_join', { encoding: 'binary' }]]);
  await until(() => expect(events).toHaveLength(2));
  bench.frames(2048);
  const rows = () => {
    const packets = events.filter(([name]) => name === 'binary').map(([, data]) => Buffer.from(data, 'base64'));
    // The group's count of rows, behind the kind, two sizes, topic, event, header.
    return packets.reduce((sum, packet) => sum + packet.readUInt16LE(3 + 'frames:picoframes'.length + 24 + 2), 0);
  };
  await until(() => expect(rows()).toBe(2048));
  expect(bench.gateway.context.counters.conflated).toBe(0);
});

test('requests behind a stream on the same connection, and HEAD, are no clients that nobody can end', async () => {
  const socket = connect(bench.gateway.port, '127.0.0.1').on('error', () => {});
  const ask = (method: string) =>
    `${method} /socket/events?vsn=2.0.0 HTTP/1.1\r\nHost: ${bench.address}\r\nAccept: text/event-stream\r\n\r\n`;
  socket.write(ask('GET').repeat(50));
  await until(() => expect(bench.gateway.clients.count).toBe(1));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(bench.gateway.clients.count).toBe(1);
  socket.destroy();
  await until(() => expect(bench.gateway.clients.count).toBe(0));
  const head = await bench.app.inject({
    method: 'HEAD',
    url: '/socket/events?vsn=2.0.0',
    headers: { host: bench.address, ...headers },
  });
  expect(head.statusCode).toBe(404);
});

test('the end of the gateway is told', async () => {
  const { events, response } = await open();
  bench.gateway.clients.close();
  await once(response, 'end');
  expect(events.at(-1)).toEqual(['close', { code: 1001, reason: 'the gateway is stopping' }]);
});
