// biome-ignore-all lint/suspicious/noExplicitAny: the insides of a socket have no types here.
import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Bench } from '../gateway/testing/bench.js';
import { monotonicUs } from '../host-clock.js';
import { Client } from './index.js';
import type { WebSocketConstructor } from './phoenix/transport.js';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 2 });

test('what a network held up is not shown as live', async () => {
  const bench = await Bench.open();
  const sockets: any[] = [];
  class Observed extends WebSocket {
    constructor(url: string) {
      super(url);
      sockets.push(this);
    }
  }
  const client = new Client(`http://${bench.address}`, { WebSocket: Observed as unknown as WebSocketConstructor });
  const board = client.board('pico', { rateHz: 60 });
  const LIFESPAN_US = 250_000;
  const releaseUs: number[] = [];
  let quickestUs = Number.POSITIVE_INFINITY;
  let worstLiveUs = Number.NEGATIVE_INFINITY;
  let stale = 0;
  board.on('state', (state) => {
    const ageUs = monotonicUs() - releaseUs[state.message.seq!]!;
    quickestUs = Math.min(quickestUs, ageUs - state.message.ageUs!);
    if (state.live) worstLiveUs = Math.max(worstLiveUs, ageUs);
    else stale++;
  });
  const frame = () => {
    releaseUs[bench.seq] = monotonicUs();
    bench.frames(1, { lifespanUs: LIFESPAN_US, ageUs: 0 });
  };
  const frames = setInterval(frame, 5);
  await until(() => expect(releaseUs.length).toBeGreaterThan(100));
  await until(() => expect(board.states.get('control')?.live).toBe(true));
  sockets[0]._socket.pause();
  stale = 0;
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const resumedSeq = bench.seq;
  sockets[0]._socket.resume();
  await until(() => {
    const state = board.states.get('control')!;
    expect(state.message.seq).toBeGreaterThan(resumedSeq);
    expect(state.live).toBe(true);
  });
  clearInterval(frames);
  client.close();
  await bench.close();
  expect(stale).toBeGreaterThan(0);
  // The quickest way of all is not known to the client, and forgotten at 1 ms a second.
  expect(worstLiveUs).toBeLessThanOrEqual(LIFESPAN_US + quickestUs + 10_000);
});
