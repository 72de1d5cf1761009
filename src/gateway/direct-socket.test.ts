import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { DirectSocket } from './direct-socket.js';

const open: { destroy(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.destroy();
});

async function pair(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const far = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [near] = (await once(server, 'connection')) as [Socket];
  server.close();
  open.push(near, far);
  return { near, far };
}

const packet = (first: number, bytes: number): Uint8Array => new Uint8Array(bytes).fill(first);

it('writes at once, without a queue', async () => {
  const { near, far } = await pair();
  const queued = vi.spyOn(near, 'write');
  new DirectSocket(near).write([packet(7, 100)]);
  const [bytes] = (await once(far, 'data')) as [Buffer];
  expect(bytes.equals(packet(7, 100))).toBe(true);
  expect(queued.mock.calls.length).toBe(process.platform === 'linux' ? 0 : 1);
});

it('keeps the order when the reader does not read, and counts what waits', async () => {
  const { near, far } = await pair();
  const socket = new DirectSocket(near);
  const bytes = 20_000;
  let sent = 0;
  while (socket.bufferedBytes < 100_000) {
    socket.write([packet(sent % 251, bytes)]);
    sent++;
    if (sent % 3 === 0) socket.write([packet(sent % 251, 10), packet((sent + 1) % 251, 10)]);
  }
  const expected: number[] = [];
  for (let i = 1; i <= sent; i++) {
    expected.push(...Array<number>(bytes).fill((i - 1) % 251));
    if (i % 3 === 0) expected.push(...Array<number>(10).fill(i % 251), ...Array<number>(10).fill((i + 1) % 251));
  }
  const received: Buffer[] = [];
  let length = 0;
  far.on('data', (chunk: Buffer) => {
    received.push(chunk);
    length += chunk.length;
  });
  await vi.waitFor(() => expect(length).toBe(expected.length), { timeout: 20_000 });
  expect(Buffer.concat(received).equals(Uint8Array.from(expected))).toBe(true);
  expect(socket.bufferedBytes).toBe(0);
});

it('neither throws nor writes elsewhere when the other side has gone', async () => {
  const { near, far } = await pair();
  near.on('error', () => {});
  const socket = new DirectSocket(near);
  far.resetAndDestroy();
  // Not `once`: an error on the way to `close` would reject it.
  const closed = new Promise((resolve) => near.on('close', resolve));
  for (let i = 0; i < 20 && !near.destroyed; i++) {
    socket.write([packet(1, 100)]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await closed;
  socket.write([packet(1, 100)]);
  expect(near.destroyed).toBe(true);
});
