// biome-ignore-all lint/suspicious/noExplicitAny: the official client has no types here.
/** The real worker under the real supervisor, from the build: run `npx tsc` first. */
import { createServer } from 'node:net';
import { Socket } from 'phoenix';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Feed } from '../feed/feed.js';
import { createFrameRecord } from '../feed/frame.js';
import { monotonicUs, utcUs } from '../host-clock.js';
import type { OutletState } from '../outlet.js';
import { decodeFrames } from '../sdk/columns.js';
import { Supervisor } from '../supervisor.js';
import { contract, descriptor } from './testing/bench.js';

const wait = { timeout: 60_000, interval: 10 };
const worker = { file: new URL('../../dist/gateway/worker.js', import.meta.url), heapMiB: 256 };

/** A port that was free a moment ago: a restarted worker must get the same one again. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

class Bridge {
  readonly feed = Feed.create({ slotsPerSecond: 1000, seconds: 30 });
  readonly fatal = vi.fn();
  readonly command = vi.fn(async () => ({ ok: true as const, detail: 'done' }));
  readonly supervisor: Supervisor;
  states: readonly OutletState[] = [];
  private readonly frame = createFrameRecord();
  seq = 0;

  constructor(http: object) {
    this.supervisor = new Supervisor({
      feed: this.feed,
      config: { http: { host: '127.0.0.1', port: 0, token: '', origins: [], ...http } } as never,
      epoch: '0badcafe',
      startedUtcUs: utcUs(monotonicUs()),
      outlets: ['gateway'],
      handlers: {
        command: this.command,
        fatal: this.fatal,
        states: (states) => {
          this.states = states;
        },
      },
      workers: { gateway: worker },
      limits: {
        restart: { restartsMax: 1000, windowMs: 1000, retryMs: 200 },
        hang: { lookMs: 200, hungMs: 20_000, startMs: 40_000 },
      },
    });
    closers.push(() => this.supervisor.stop());
    this.supervisor.publish({
      type: 'board',
      index: 0,
      id: 'pico',
      path: '/dev/test',
      descriptor,
      boot: '0000002a',
      contracts: { control: contract },
    });
    this.supervisor.start();
  }

  async port(): Promise<number> {
    return vi.waitFor(() => {
      const port = this.states[0]?.info.port;
      expect(this.states[0]?.up).toBe(true);
      return port as number;
    }, wait);
  }

  frames(count: number): void {
    const nowUs = monotonicUs();
    Object.assign(this.frame, {
      stream: 1,
      boot: 42,
      verified: true,
      count: 4,
      releaseHostUs: nowUs,
      arrivalUs: nowUs,
      judgedUs: nowUs,
    });
    for (let i = 0; i < count; i++) {
      this.frame.seq = this.seq++;
      this.feed.frame(0, this.frame, this.frame);
    }
    this.feed.wakeParked();
  }
}

test('it serves, carries commands, and ends when asked', async () => {
  const bridge = new Bridge({});
  const url = `http://127.0.0.1:${await bridge.port()}`;
  expect(await (await fetch(`${url}/api/bridge`)).json()).toMatchObject({
    epoch: '0badcafe',
    outlets: [{ name: 'gateway', up: true }],
  });
  const armed = await fetch(`${url}/api/boards/pico/arm`, { method: 'POST' });
  expect(await armed.json()).toEqual({ ok: true, detail: 'done' });
  expect(bridge.command).toHaveBeenCalledWith(expect.objectContaining({ board: 'pico', name: 'arm' }), 'gateway');
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  await bridge.supervisor.stop();
  await expect(fetch(url)).rejects.toThrow();
});

test('killed again and again, it comes back, and the official client has every frame once and in order', async () => {
  const port = await freePort();
  const bridge = new Bridge({ port });
  await bridge.port();
  const socket: any = new Socket(`ws://127.0.0.1:${port}/socket`, {
    transport: WebSocket,
    reconnectAfterMs: () => 50,
    rejoinAfterMs: () => 50,
  } as any);
  closers.push(() => socket.disconnect());
  socket.connect();
  const seqs: number[] = [];
  const recovered: boolean[] = [];
  let since: object | undefined;
  const channel = socket.channel('frames:pico', () => ({ encoding: 'binary', since }));
  channel.on('frames', (payload: ArrayBuffer) => {
    const { epoch, offset, groups } = decodeFrames(new Uint8Array(payload))!;
    since = { epoch, offset };
    for (const group of groups) seqs.push(...group.seq);
  });
  channel.join().receive('ok', (reply: any) => recovered.push(reply.recovered));
  await vi.waitFor(() => expect(recovered).toEqual([false]), wait);
  bridge.frames(1);
  await vi.waitFor(() => expect(seqs).toHaveLength(1), wait);
  const feeding = setInterval(() => bridge.frames(10), 10);
  closers.push(() => clearInterval(feeding));
  for (let kill = 1; kill <= 5; kill++) {
    const joins = recovered.length;
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 200));
    bridge.supervisor.kill('gateway');
    await vi.waitFor(() => expect(recovered.length).toBeGreaterThan(joins), wait);
  }
  clearInterval(feeding);
  await vi.waitFor(() => expect(seqs).toHaveLength(bridge.seq), wait);
  expect(seqs).toEqual(Array.from({ length: bridge.seq }, (_, i) => i));
  expect(recovered.slice(1).every(Boolean)).toBe(true);
  expect(bridge.fatal).not.toHaveBeenCalled();
}, 180_000);

test('a busy port ends the process with code 2 and what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  closers.push(() => other.close());
  const { port } = other.address() as { port: number };
  const bridge = new Bridge({ port });
  await vi.waitFor(() => expect(bridge.fatal).toHaveBeenCalled(), wait);
  expect(bridge.fatal).toHaveBeenCalledWith(
    2,
    expect.stringContaining(`port ${port} on 127.0.0.1 is in use`),
    'gateway',
  );
  expect(bridge.fatal.mock.calls[0]?.[1]).toContain('--set http.port=');
});

test('another address than loopback without a token is refused with code 2', async () => {
  const bridge = new Bridge({ host: '0.0.0.0' });
  await vi.waitFor(() => expect(bridge.fatal).toHaveBeenCalled(), wait);
  expect(bridge.fatal).toHaveBeenCalledWith(2, expect.stringContaining('http.token'), 'gateway');
});
