import { signal } from '@preact/signals';
import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Bench } from '../gateway/testing/bench.js';
import { Client, type WebSocketConstructor } from '../sdk/index.js';
import { BoardStore } from './board-store.js';
import { missingText } from './missing.js';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000 });
const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 2 });

test('a board whose topic the bridge refuses says why, not that there is no connection', async () => {
  const bench = await Bench.open();
  const client = new Client(`http://${bench.address}`, { WebSocket: WebSocket as unknown as WebSocketConstructor });
  const store = new BoardStore(client, 'nobody', signal(false));
  const why = () => {
    store.look(performance.now());
    return store.condition.value.why;
  };
  expect(why()).toMatch(/^No connection to the bridge; trying again/);
  await until(() => expect(why()).toMatch(/^Not connected: no board "nobody" now/));
  client.close();
  await bench.close();
});

test('after a time away the page claims to know neither how many frames nor which misses there were', async () => {
  const bench = await Bench.open({ seconds: 1 });
  const client = new Client(`http://${bench.address}`, {
    WebSocket: WebSocket as unknown as WebSocketConstructor,
    retryMs: 20,
  });
  const store = new BoardStore(client, 'pico', signal(false));
  await until(() => expect(bench.gateway.topics.frames.subscribers).toBe(1));
  await until(() => expect(store.joined.value).toBe(true));
  expect([store.wasAway.value, missingText(store.notReceived.value)]).toEqual([false, '0']);
  for (const socket of bench.app.websocketServer.clients) socket.terminate();
  // More than the ring holds.
  bench.frames(5000);
  await until(() => expect(store.wasAway.value).toBe(true));
  await until(() => expect(missingText(store.notReceived.value)).toBe('unknown'));
  client.close();
  await bench.close();
});
