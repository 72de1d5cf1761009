import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Bench } from '../../gateway/testing/bench.js';
import { Client, type ClientOptions, PhoenixTransport, type WebSocketConstructor } from '../index.js';
import { EventStreamSocket } from './event-stream.js';
import { PlainProxy } from './plain-proxy.rig.js';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 2 });
const options = { WebSocket: WebSocket as unknown as WebSocketConstructor, retryMs: 20 };

let bench: Bench;
let client: Client | undefined;

beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(async () => {
  client?.close();
  client = undefined;
  await bench.close();
});

async function expectAllToWork(address: string, more: ClientOptions = {}): Promise<void> {
  client = new Client(address, { ...options, ...more });
  const frames = client.frames('pico');
  const seqs: number[] = [];
  frames.on('frames', ({ streams }) => {
    for (const { columns } of streams) seqs.push(...columns.seq);
  });
  await until(() => expect(frames.status).toBe('joined'));
  bench.frames(3);
  await until(() => expect(seqs).toEqual([0, 1, 2]));
}

test('where no WebSocket passes, it goes over events, and frames come', async () => {
  const proxy = await PlainProxy.before(bench.gateway.port);
  await expectAllToWork(proxy.url);
  expect(bench.gateway.eventStreams.count).toBe(1);
  expect(bench.app.websocketServer.clients.size).toBe(0);
  proxy.close();
});

test('a WebSocket that is taken and brings nothing is given up for events', async () => {
  const sockets: Socket[] = [];
  const swallowing = createServer((socket) => {
    const onward = connect(bench.gateway.port, '127.0.0.1').on('error', () => {});
    sockets.push(
      onward,
      socket.on('error', () => {}),
    );
    socket.pipe(onward);
    let isWebSocket = false;
    onward.on('data', (data: Buffer) => {
      if (isWebSocket) return;
      const head = data.toString('latin1');
      isWebSocket = head.startsWith('HTTP/1.1 101');
      // The answer to the upgrade, and nothing that follows it.
      socket.write(isWebSocket ? data.subarray(0, head.indexOf('\r\n\r\n') + 4) : data);
    });
    onward.on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });
  await once(swallowing.listen(0, '127.0.0.1'), 'listening');
  const { port } = swallowing.address() as AddressInfo;
  await expectAllToWork(`http://127.0.0.1:${port}`, { heartbeatMs: 500 });
  expect(bench.gateway.eventStreams.count).toBe(1);
  for (const socket of sockets) socket.destroy();
  swallowing.close();
});

test('where both pass, it is the WebSocket, also after a loss', async () => {
  await expectAllToWork(`http://${bench.address}`);
  const statuses: string[] = [];
  client!.on('status', ({ status }) => statuses.push(status));
  for (const socket of bench.app.websocketServer.clients) socket.terminate();
  await until(() => expect(statuses).toEqual(['closed', 'connecting', 'open']));
  expect(bench.app.websocketServer.clients.size).toBe(1);
  expect(bench.gateway.eventStreams.count).toBe(0);
});

test('a runtime without a WebSocket needs none', async () => {
  vi.stubGlobal('WebSocket', undefined);
  try {
    client = new Client(`http://${bench.address}`);
    const board = client.board('pico');
    await until(() => expect(board.status).toBe('joined'));
    expect(() => new PhoenixTransport('http://127.0.0.1:1', { carriers: ['websocket'] })).toThrow('pass one');
  } finally {
    vi.unstubAllGlobals();
  }
});

test('a WebSocket that passes again takes over, and nothing is missed', async () => {
  const proxy = await PlainProxy.before(bench.gateway.port);
  let passes = false;
  proxy.onUpgrade = (head, socket) => {
    if (!passes) return false;
    const onward = connect(bench.gateway.port, '127.0.0.1').on('error', () => {});
    onward.write(head);
    socket.pipe(onward).pipe(socket);
    return true;
  };
  client = new Client(proxy.url, { ...options, probeMs: 50 });
  const frames = client.frames('pico');
  const seqs: number[] = [];
  const gaps: unknown[] = [];
  frames.on('gap', (gap) => gaps.push(gap));
  frames.on('frames', ({ streams }) => {
    for (const { columns } of streams) seqs.push(...columns.seq);
  });
  await until(() => expect(frames.status).toBe('joined'));
  bench.frames(3);
  await until(() => expect(seqs).toEqual([0, 1, 2]));
  expect(bench.gateway.eventStreams.count).toBe(1);
  passes = true;
  await until(() => expect(bench.app.websocketServer.clients.size).toBe(1));
  await until(() => expect(bench.gateway.eventStreams.count).toBe(0));
  bench.frames(3);
  await until(() => expect(seqs).toEqual([0, 1, 2, 3, 4, 5]));
  expect(gaps).toEqual([]);
  proxy.close();
});

test('a way that takes requests and answers something else is no bridge', async () => {
  const portal = createHttpServer((request, response) => {
    if (request.method === 'GET') response.end('<html>please log in</html>');
    else response.writeHead(302, { location: '/login' }).end();
  });
  await once(portal.listen(0, '127.0.0.1'), 'listening');
  client = new Client(`http://127.0.0.1:${(portal.address() as AddressInfo).port}`, {
    carriers: ['events'],
    retryMs: 20,
  });
  const reasons: string[] = [];
  client.on('status', ({ reason }) => reasons.push(reason));
  await until(() => expect(reasons.join()).toContain('what answers is not the bridge'));
  portal.closeAllConnections();
  portal.close();
});

/** A bridge of which the requests behave as said; the stream is good. */
async function withPosts(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createHttpServer((request, response) => {
    if (request.method !== 'GET') return answer(request, response);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('event: open\ndata: {"session":"x"}\n\n');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/socket/events`);
  const socket = new EventStreamSocket(url);
  const closed = new Promise<string>((resolve) => {
    socket.onclose = ({ reason }: { reason: string }) => resolve(reason);
  });
  await new Promise<void>((resolve) => {
    socket.onopen = () => resolve();
  });
  const end = () => {
    socket.close();
    server.closeAllConnections();
    server.close();
  };
  return { socket, closed, end };
}

test.each([
  ['is refused', 404, 'there is no such event stream'],
  ['is sent elsewhere', 302, 'event stream'],
  ['is answered by a page', 200, '200'],
])('a message that %s ends the stream with the reason', async (_what, status, reason) => {
  const { socket, closed, end } = await withPosts((_request, response) => {
    response.writeHead(status, { location: '/' });
    response.end(status === 404 ? '{"message":"there is no such event stream"}' : 'hello');
  });
  socket.send('["1","1","t","e",{}]');
  expect(await closed).toContain(reason);
  end();
});

test('what cannot be sent is given up with the stream, and not carried out later', async () => {
  const bodies: string[] = [];
  const held: ServerResponse[] = [];
  const { socket, closed, end } = await withPosts((request, response) => {
    request.on('data', (data: Buffer) => bodies.push(data.toString()));
    held.push(response);
  });
  socket.send('["1","1","t","first",{}]');
  await until(() => expect(bodies).toHaveLength(1));
  for (let i = 0; i < 300; i++) socket.send('["1","2","t","later",{}]');
  expect(await closed).toContain('messages wait');
  for (const response of held) response.writeHead(204).end();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(bodies.join()).not.toContain('later');
  end();
});

test('a connection that is given up leaves no request behind', async () => {
  let isAborted = false;
  let isAsked = false;
  const { socket, end } = await withPosts((request) => {
    isAsked = true;
    request.on('close', () => {
      isAborted = true;
    });
  });
  socket.send('["1","1","t","e",{}]');
  await until(() => expect(isAsked).toBe(true));
  socket.close(4000);
  await vi.waitFor(() => expect(isAborted).toBe(true), { timeout: 3000 });
  end();
});

test('what was said before an orderly end is sent', async () => {
  const bodies: string[] = [];
  const { socket, closed, end } = await withPosts((request, response) => {
    request.on('data', (data: Buffer) => bodies.push(data.toString()));
    response.writeHead(204).end();
  });
  socket.send('["1","1","t","one",{}]');
  socket.send('["1","2","t","two",{}]');
  socket.close(1000);
  await closed;
  expect(bodies.join()).toContain('one');
  expect(bodies.join()).toContain('two');
  end();
});

test('who tells more than the bridge takes is not cut: the newest goes, and what is asked for goes always', async () => {
  client = new Client(`http://${bench.address}`, options);
  const frames = client.frames('pico');
  const board = client.board('pico');
  await until(() => expect([frames.status, board.status]).toEqual(['joined', 'joined']));
  const reasons: string[] = [];
  client.on('status', ({ reason }) => reasons.push(reason));
  for (let i = 0; i < 2000; i++) frames.painted();
  const request = board.request('arm').catch((error) => error.code);
  await until(() => expect(bench.posted.some(({ type }) => type === 'command')).toBe(true));
  expect(reasons).toEqual([]);
  client.close();
  await request;
});

test('connections that do not last are made ever more rarely', async () => {
  const upgrades: number[] = [];
  const briefly = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(briefly, 'listening');
  briefly.on('connection', (socket) => {
    upgrades.push(performance.now());
    socket.on('message', (data) => {
      const [joinRef, ref, topic] = JSON.parse(String(data));
      socket.send(JSON.stringify([joinRef, ref, topic, 'phx_reply', { status: 'ok', response: {} }]));
      socket.close();
    });
  });
  client = new Client(`http://127.0.0.1:${(briefly.address() as AddressInfo).port}`, {
    ...options,
    carriers: ['websocket'],
    retryMs: 20,
  });
  await until(() => expect(upgrades.length).toBeGreaterThanOrEqual(7));
  // At least half of 20, 20, 40, 80, 160, 320 ms.
  expect(upgrades[6]! - upgrades[0]!).toBeGreaterThan(310);
  client.close();
  briefly.close();
});

test('what is said in one go arrives in its order', async () => {
  client = new Client(`http://${bench.address}`, { carriers: ['events'] });
  const boards = Array.from({ length: 40 }, (_, i) => client!.board(`absent-${i}`));
  const refused: string[] = [];
  for (const board of boards) board.on('lost', () => refused.push(board.id));
  await until(() => expect(refused.length).toBeGreaterThanOrEqual(40));
  expect(refused.slice(0, 40)).toEqual(boards.map(({ id }) => id));
});

test('a refusal is told in the words of the bridge', async () => {
  await bench.close();
  bench = await Bench.open({ http: { token: 's3cret' } });
  client = new Client(`http://${bench.address}`, { carriers: ['events'], token: 'wrong', retryMs: 20 });
  const reasons: string[] = [];
  client.on('status', ({ reason }) => reasons.push(reason));
  await until(() => expect(reasons.join()).toContain('this bridge needs its token'));
  expect(reasons.join()).not.toContain('wrong');
});
