// biome-ignore-all lint/suspicious/noExplicitAny: messages of the main thread are picked apart as they come.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Bench } from '../gateway/testing/bench.js';
import {
  Client,
  ConnectionLostError,
  type FramesOptions,
  type Gap,
  NotConnectedError,
  PhoenixTransport,
  RefusedError,
} from './index.js';
import type { WebSocketConstructor } from './phoenix/transport.js';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Every transport must pass all of this; a new one is added here. */
const transports = [
  {
    name: 'Phoenix socket',
    create: (bench: Bench) =>
      new PhoenixTransport(`http://${bench.address}`, {
        WebSocket: WebSocket as unknown as WebSocketConstructor,
        retryMs: 20,
      }),
  },
  {
    name: 'event stream',
    create: (bench: Bench) => new PhoenixTransport(`http://${bench.address}`, { carriers: ['events'], retryMs: 20 }),
  },
];

let bench: Bench;
let client: Client;
const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 2 });
const dropConnections = () => {
  for (const socket of bench.app.websocketServer.clients) socket.terminate();
  bench.app.server.closeAllConnections();
};

describe.each(transports)('the client over the $name', ({ create }) => {
  beforeEach(async () => {
    bench = await Bench.open();
    client = new Client('', { transport: create(bench) });
  });
  afterEach(async () => {
    client.close();
    await bench.close();
  });

  /** All sequence numbers and gaps of a subscription. */
  function record(options: FramesOptions = {}) {
    const frames = client.frames('pico', options);
    const seqs: number[] = [];
    const gaps: Gap[] = [];
    frames.on('frames', (batch) => {
      for (const { columns } of batch.streams) seqs.push(...columns.seq);
    });
    frames.on('gap', (gap) => gaps.push(gap));
    return { frames, seqs, gaps };
  }

  test('states arrive live, and turn stale when the frames end', async () => {
    const board = client.board('pico', { rateHz: 60 });
    const events: string[] = [];
    board.on('state', (state) => events.push(state.live ? 'live' : 'not live'));
    board.on('stale', (state) => events.push(`stale ${state.values.speed}`));
    await until(() => expect(board.status).toBe('joined'));
    await until(() => {
      bench.frames(5, { lifespanUs: 250_000 });
      expect(events).toContain('live');
    });
    await until(() => expect(events).toContain(`stale ${bench.seq - 1}`));
    expect(board.states.get('control')!.live).toBe(false);
  });

  test('a lost connection turns values stale though nobody says so', async () => {
    const board = client.board('pico', { rateHz: 60 });
    await until(() => expect(board.status).toBe('joined'));
    await until(() => {
      bench.frames(1, { lifespanUs: 250_000 });
      expect(board.states.get('control')?.live).toBe(true);
    });
    client.close();
    await until(() => expect(board.states.get('control')?.live).toBe(false));
  });

  test('frames carry the names of stream and signals', async () => {
    const frames = client.frames('pico');
    const seen: any[] = [];
    frames.on('frames', (batch) => {
      for (const { stream, signals, columns } of batch.streams)
        seen.push({ stream, signals: signals.map(({ name }) => name), speed: [...columns.values[0]!] });
    });
    await until(() => expect(frames.status).toBe('joined'));
    bench.frames(2);
    await until(() =>
      expect(seen).toEqual([
        { stream: 'control', signals: ['speed', 'current', 'duty', 'temperature'], speed: [0, 1] },
      ]),
    );
  });

  /** First value of each signal of each batch, by name. */
  function named(board: string) {
    const frames = client.frames(board);
    const seen: string[] = [];
    frames.on('frames', ({ streams }) => {
      for (const { stream, signals, columns } of streams)
        seen.push(`${stream}: ${signals.map(({ name }, i) => `${name} ${columns.values[i]![0]}`).join(', ')}`);
    });
    return { frames, seen };
  }

  test('frames joined before the board is known carry their names once it is', async () => {
    bench.addUnknownBoard('nano', 1);
    await until(() => expect(bench.gateway.state.boards.has('nano')).toBe(true));
    const { frames, seen } = named('nano');
    await until(() => expect(frames.status).toBe('joined'));
    bench.addBoard('nano', 1);
    bench.frames(1, { board: 1 });
    await until(() => expect(seen).toEqual(['control: speed 0, current 0.1, duty 0.2, temperature 0.3']));
  });

  test('frames of other firmware carry its names, and those before the names of before', async () => {
    const { frames, seen } = named('pico');
    await until(() => expect(frames.status).toBe('joined'));
    bench.frames(1);
    bench.reflash('0000002b');
    bench.frames(1, { boot: 0x2b });
    await until(() => expect(seen).toHaveLength(2));
    dropConnections();
    await until(() => expect(frames.status).toBe('lost'));
    bench.frames(1, { boot: 0x2b });
    bench.reflash('0000002c');
    bench.frames(1, { boot: 0x2c });
    await until(() =>
      expect(seen).toEqual([
        'control: speed 0, current 0.1, duty 0.2, temperature 0.3',
        'control: temperature 1, duty 1.1, current 1.2, speed 1.3',
        'control: temperature 2, duty 2.1, current 2.2, speed 2.3',
        'control: temperature 3, duty 3.1, current 3.2, speed 3.3',
      ]),
    );
  });

  test('frames of a boot of which nothing was heard carry no names rather than wrong ones', async () => {
    const { frames, seen } = named('pico');
    await until(() => expect(frames.status).toBe('joined'));
    bench.frames(1, { boot: 0x99 });
    await until(() => expect(seen).toEqual(['1: ']));
  });

  test('after a loss of the connection all missed frames come, in order, without a gap', async () => {
    const { frames, seqs, gaps } = record();
    await until(() => expect(frames.status).toBe('joined'));
    bench.frames(10);
    await until(() => expect(seqs).toHaveLength(10));
    dropConnections();
    await until(() => expect(frames.status).toBe('lost'));
    for (let i = 0; i < 5; i++) bench.frames(700);
    await until(() => expect(seqs).toHaveLength(3510));
    expect(seqs).toEqual(Array.from({ length: 3510 }, (_, i) => i));
    expect(gaps).toEqual([]);
  });

  test('a position of another run of the bridge is reported as a gap', async () => {
    const { frames, gaps } = record({ since: { epoch: 'deadbeef', offset: 5 } });
    await until(() => expect(frames.status).toBe('joined'));
    expect(gaps).toEqual([
      { cause: 'restart', count: null, from: { epoch: 'deadbeef', offset: 5 }, to: { epoch: bench.epoch, offset: 0 } },
    ]);
  });

  test('frames that the gateway itself lost are reported as a gap, before what follows', async () => {
    const { frames, seqs, gaps } = record();
    await until(() => expect(frames.status).toBe('joined'));
    bench.gateway.topics.lost(7, 'feed', 0, 7);
    bench.frames(1);
    await until(() => expect(seqs).toEqual([0]));
    const { epoch } = bench;
    expect(gaps).toEqual([{ cause: 'outlet', count: null, from: { epoch, offset: 0 }, to: { epoch, offset: 7 } }]);
  });

  test('a request is answered, refused with a code, and lost with the connection', async () => {
    const board = client.board('pico');
    await expect(board.request('arm')).rejects.toBeInstanceOf(NotConnectedError);
    await until(() => expect(board.status).toBe('joined'));
    const answer = async (reply: any) => {
      let message: any;
      await until(() => {
        message = bench.posted.find(({ type }) => type === 'command');
        expect(message).toBeDefined();
      });
      bench.posted.length = 0;
      bench.gateway.receive({ type: 'answer', request: message.request, answer: reply });
      return message.command;
    };
    const armed = board.request('arm');
    expect(await answer({ ok: true, detail: 'armed' })).toMatchObject({
      board: 'pico',
      name: 'arm',
      by: expect.stringMatching(/^socket anonymous 127/),
    });
    expect(await armed).toBe('armed');
    const refused = board.request('set-speed', [4]);
    refused.catch(() => {});
    expect((await answer({ ok: false, code: 'not-armed', detail: 'arm it first' })).arguments).toEqual([4]);
    await expect(refused).rejects.toMatchObject({ code: 'not-armed', message: 'arm it first' });
    await expect(refused).rejects.toBeInstanceOf(RefusedError);
    const lost = board.request('disarm');
    dropConnections();
    await expect(lost).rejects.toBeInstanceOf(ConnectionLostError);
  });

  test('the lobby lists boards as they come and go', async () => {
    const lobby = client.lobby();
    await until(() => expect(lobby.boards.map(({ id }) => id)).toEqual(['pico']));
    bench.addBoard('nano', 1);
    await until(() => expect(lobby.boards.map(({ id }) => id)).toEqual(['pico', 'nano']));
    bench.text({ type: 'alarm', board: 'nano', id: 'firm', active: true, text: 'm of k', sinceUtcUs: 1 });
    await until(() => expect([...lobby.alarms.keys()]).toEqual(['nano/firm']));
    bench.text({ type: 'board-gone', index: 1, id: 'nano', reason: 'unplugged' });
    await until(() => expect(lobby.boards[1]).toMatchObject({ id: 'nano', status: 'gone' }));
  });

  test('a board that comes later is joined when it is there', async () => {
    const board = client.board('nano');
    const reasons: string[] = [];
    board.on('lost', ({ reason }) => reasons.push(reason));
    await until(() => expect(reasons[0]).toContain('no board "nano"'));
    bench.addBoard('nano', 1);
    await until(() => expect(board.status).toBe('joined'));
  });

  test('who follows an id that the board has no more is told so, on both of its topics', async () => {
    bench.addUnknownBoard('board-2', 1);
    await until(() => expect(bench.gateway.state.boards.has('board-2')).toBe(true));
    const board = client.board('board-2');
    const frames = client.frames('board-2');
    const reasons: string[] = [];
    board.on('gone', ({ reason }) => reasons.push(reason));
    frames.on('gone', ({ reason }) => reasons.push(reason));
    await until(() => expect([board.status, frames.status]).toEqual(['joined', 'joined']));
    bench.addBoard('nano', 1);
    await until(() => expect(reasons).toEqual(Array(2).fill('the board is called "nano" now')));
  });

  test('a topic that is asked for as soon as the connection is open is joined once', async () => {
    const joins = vi.spyOn(bench.gateway.topics.lobby, 'join');
    client.on('status', ({ status }) => status === 'open' && client.lobby());
    await until(() => expect(joins).toHaveBeenCalled());
    await bench.settled();
    const probe = client.board('pico');
    await until(() => expect(probe.status).toBe('joined'));
    expect(joins).toHaveBeenCalledTimes(1);
  });

  test('what was left says nothing more, and can be joined again', async () => {
    const { frames, seqs } = record();
    await until(() => expect(frames.status).toBe('joined'));
    frames.leave();
    await until(() => expect(bench.gateway.topics.frames.subscribers).toBe(0));
    bench.frames(3);
    await bench.settled();
    const again = record();
    await until(() => expect(again.frames.status).toBe('joined'));
    bench.frames(1);
    await until(() => expect(again.seqs).toEqual([3]));
    expect(seqs).toEqual([]);
  });
});

test('nothing in the client needs Node', () => {
  const src = fileURLToPath(new URL('..', import.meta.url));
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s+(?!type\s)[^;]*?from '([^']+)';/gm);
    for (const [, target] of imports) {
      expect(target, `${relative(src, file)} imports ${target}`).toMatch(/^\./);
      visit(join(dirname(file), target!.replace(/\.js$/, '.ts')));
    }
  };
  visit(join(src, 'sdk/index.ts'));
  expect([...seen].map((file) => relative(src, file))).toContain('sdk/phoenix/transport.ts');
  for (const file of seen) expect(readFileSync(file, 'utf8')).not.toMatch(/\b(?:Buffer|process|require)\b[.(]/);
});

test('a connection that was taken and is never answered is given up for another', async () => {
  bench = await Bench.open();
  const sockets: Socket[] = [];
  const silentOnce = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    if (sockets.length === 1) return;
    const onward = connect(bench.gateway.port, '127.0.0.1').on('error', () => {});
    socket.pipe(onward).pipe(socket);
  });
  await once(silentOnce.listen(0, '127.0.0.1'), 'listening');
  client = new Client(`http://127.0.0.1:${(silentOnce.address() as AddressInfo).port}`, {
    WebSocket: WebSocket as unknown as WebSocketConstructor,
    heartbeatMs: 1000,
    retryMs: 20,
  });
  const reasons: string[] = [];
  client.on('status', ({ status, reason }) => status === 'closed' && reasons.push(reason));
  await until(() => expect(client.status).toBe('open'));
  expect(reasons[0]).toBe('the bridge did not answer the connection');
  client.close();
  for (const socket of sockets) socket.destroy();
  silentOnce.close();
  await bench.close();
});

test('the token never shows in what the client reports', async () => {
  const transport = new PhoenixTransport('http://127.0.0.1:1', {
    token: 's3cret',
    WebSocket: WebSocket as unknown as WebSocketConstructor,
  });
  const reasons: string[] = [];
  transport.open((_status, reason) => reasons.push(reason));
  transport.close();
  expect(reasons.join()).not.toContain('s3cret');
});
