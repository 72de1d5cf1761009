import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Bench } from '../../gateway/testing/bench.js';
import { Client, type ClientOptions, PhoenixTransport, type WebSocketConstructor } from '../index.js';
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
