import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Bench } from '../gateway/testing/bench.js';
import { Client, type Gap } from './index.js';
import { decodeBinaryFromServer } from './phoenix/serializer.js';
import type { WebSocketConstructor } from './phoenix/transport.js';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** A bridge that is newer than this client: its batches are of version 2. */
class FromTheFuture extends WebSocket {
  override emit(event: string, ...args: unknown[]): boolean {
    const [data] = args;
    if (event === 'message' && data instanceof ArrayBuffer) {
      const { payload } = decodeBinaryFromServer(new Uint8Array(data))!;
      (payload as Uint8Array)[0] = 2;
    }
    return super.emit(event, ...args);
  }
}

test('frames that this client cannot read are a gap, not silence', async () => {
  const bench = await Bench.open();
  const client = new Client(`http://${bench.address}`, { WebSocket: FromTheFuture as unknown as WebSocketConstructor });
  const subscription = client.frames('pico', { batch: false });
  const gaps: Gap[] = [];
  let batches = 0;
  subscription.on('gap', (gap) => gaps.push(gap));
  subscription.on('frames', () => batches++);
  await vi.waitFor(() => expect(subscription.status).toBe('joined'), { timeout: 20_000, interval: 2 });
  const position = subscription.position!;
  bench.frames(1);
  await vi.waitFor(() => expect(gaps).not.toEqual([]), { timeout: 20_000, interval: 2 });
  expect(gaps[0]).toEqual({ cause: 'unreadable', count: null, from: position, to: position });
  expect(batches).toBe(0);
  client.close();
  await bench.close();
});
