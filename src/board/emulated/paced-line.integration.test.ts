import { SerialPortStream } from '@serialport/stream';
import { afterEach, expect, it, vi } from 'vitest';
import { emulatedBinding } from './binding.js';
import { readImage } from './boards.js';
import { PacedLine } from './paced-line.js';
import { GreetingHost } from './testing/greeting-host.js';

let line: PacedLine | undefined;
afterEach(async () => {
  await line?.stop();
  line = undefined;
});

it('streams to SerialPortStream in this process, without a pseudo-terminal', async () => {
  const onFailure = vi.fn();
  ({ line } = await PacedLine.start({ board: 'pico', image: readImage('pico'), seed: 1, onFailure }));
  const port = new SerialPortStream({
    binding: emulatedBinding({ pico: line }),
    path: 'emulated:pico',
    baudRate: 921_600,
  });
  const host = new GreetingHost((bytes) => port.write(bytes));
  let chunks = 0;
  port.on('data', (bytes: Buffer) => host.push(bytes, chunks++));
  await vi.waitUntil(() => host.messages.length > 0, { timeout: 30_000 });
  host.hello();
  await vi.waitUntil(() => host.frames.length > 200, { timeout: 30_000 });
  const first = host.frames[0]!;
  for (const [i, { seq, releaseUs }] of host.frames.entries()) {
    expect([seq, releaseUs]).toEqual([first.seq + i, first.releaseUs + 1000 * i]);
  }
  const counters = await line.counters();
  expect(counters).toMatchObject({ droppedBytes: 0, skippedUs: 0, resets: 0 });
  await new Promise<void>((resolve) => port.close(() => resolve()));
  expect(onFailure).not.toHaveBeenCalled();
});
