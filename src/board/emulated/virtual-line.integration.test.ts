import { createHash } from 'node:crypto';
import { SerialPortStream } from '@serialport/stream';
import { describe, expect, it } from 'vitest';
import { EMULATED_PREFIX, emulatedBinding } from './binding.js';
import { readImage } from './boards.js';
import type { EmulatedPico } from './pico.js';
import { GreetingHost } from './testing/greeting-host.js';
import { VirtualLine } from './virtual-line.js';

const image = readImage('pico');
const testImage = readImage('pico-test');
const BAUD = 921_600;

interface Rig {
  readonly line: VirtualLine;
  readonly host: GreetingHost;
  readonly port: SerialPortStream;
  /** Of all bytes and the virtual times of their chunks. */
  readonly digest: () => string;
}

async function rig(seed: number, options: { image?: Uint8Array; baudRate?: number } = {}): Promise<Rig> {
  const hash = createHash('sha256');
  const arrivals: number[] = [];
  const line = new VirtualLine({
    image: options.image ?? image,
    seed,
    onChunk: (bytes, virtualUs) => {
      arrivals.push(virtualUs);
      hash.update(bytes).update(String(virtualUs));
    },
  });
  const port = new SerialPortStream({
    binding: emulatedBinding({ pico: line }),
    path: `${EMULATED_PREFIX}pico`,
    baudRate: options.baudRate ?? BAUD,
    autoOpen: false,
  });
  const host = new GreetingHost((bytes) => port.write(bytes));
  port.on('data', (bytes: Buffer) => host.push(bytes, arrivals.at(-1) ?? 0));
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
  return { line, host, port, digest: () => hash.digest('hex') };
}

async function started(seed: number, options: { image?: Uint8Array } = {}): Promise<Rig> {
  const made = await rig(seed, options);
  await made.line.runFor(50_000);
  made.host.hello();
  await made.line.runFor(500_000);
  return made;
}

describe('the committed firmware on the emulated Pico, through SerialPortStream', () => {
  it('speaks text after boot: an event, then monitor lines ten times a second', async () => {
    const { line, host } = await rig(1);
    await line.runFor(1_050_000);
    expect(host.messages[0]).toMatchObject({ name: 'event', code: 1, session: 0 });
    expect(host.last('status')).toMatchObject({ armed: 0, overruns: 0 });
    expect(host.corruptBytes).toBe(0);
  });

  it('streams at 1 kHz without a loss: releases exactly 1000 us apart, arrivals within what encoding varies', async () => {
    const { line, host } = await started(1);
    host.frames.length = 0;
    await line.runFor(5e6);
    expect(host.frames.length).toBeGreaterThanOrEqual(4999);
    for (let i = 1; i < host.frames.length; i++) {
      const [before, frame] = [host.frames[i - 1]!, host.frames[i]!];
      expect(frame.seq).toBe(before.seq + 1);
      expect(frame.releaseUs).toBe(before.releaseUs + 1000);
    }
    expect(host.corruptBytes).toBe(0);
    const board = line.board as EmulatedPico;
    expect(board.lineCounters).toEqual({ overruns: 0, ignored: 0, dropped: 0, transmitLost: 0, heldAccesses: 0 });
    expect([...board.unmodelled]).toEqual([]);
  });

  it('gives the same bytes at the same times for the same seed, and another boot id for another seed', async () => {
    const [a, b, c] = [await started(7), await started(7), await started(8)];
    expect(a.host.frames.length).toBeGreaterThan(300);
    const bootId = ({ host }: Rig) => host.last('session')!.bootId;
    expect(bootId(c)).not.toBe(bootId(a));
    expect(b.digest()).toBe(a.digest());
  });

  it('has a new boot id after each reset, and reports its cause', async () => {
    const { line, host } = await rig(3);
    const seen: { bootId: number; resetCause: number }[] = [];
    for (const by of ['powerOn', 'pin', 'watchdog'] as const) {
      line.board.reset(by);
      await line.runFor(50_000);
      host.hello();
      await line.runFor(50_000);
      const { bootId, resetCause } = host.last('session')!;
      seen.push({ bootId, resetCause });
    }
    expect(seen.map(({ resetCause }) => resetCause)).toEqual([1, 2, 3]);
    expect(new Set(seen.map(({ bootId }) => bootId)).size).toBe(3);
  });

  it('is reset by its hardware watchdog when the firmware hangs, and comes back from the same flash', async () => {
    const { line, host } = await started(4, { image: testImage });
    const before = host.last('session')!.bootId;
    const expiryUs = line.nowUs + 1e6;
    host.say({ name: 'command', session: host.tag, counter: 1, id: 1, expiryUs, command: 'fault-hang', arguments: [] });
    await line.runFor(300_000);
    expect(line.board.resets).toBe(1);
    host.hello();
    await line.runFor(500_000);
    expect(host.last('session')).toMatchObject({ resetCause: 3 });
    expect(host.last('session')!.bootId).not.toBe(before);
  });

  it('is garbled for a host of another baud rate, and clear again at its own', async () => {
    const { line, host, port } = await rig(5, { baudRate: 115_200 });
    await line.runFor(500_000);
    expect(host.messages).toEqual([]);
    await new Promise<void>((resolve, reject) =>
      port.update({ baudRate: BAUD }, (error) => (error ? reject(error) : resolve())),
    );
    await line.runFor(1_100_000);
    expect(host.last('status')).toBeDefined();
  });

  it('loses what it says while the port is closed', async () => {
    const { line, host, port } = await started(6);
    const before = host.frames.length;
    await new Promise<void>((resolve) => port.close(() => resolve()));
    await line.runFor(100_000);
    expect(host.frames.length).toBe(before);
    await new Promise<void>((resolve) => port.open(() => resolve()));
    await line.runFor(100_000);
    const gap = host.frames[before + 1]!.seq - host.frames[before - 1]!.seq;
    expect(gap).toBeGreaterThanOrEqual(100);
  });
});

it('refuses a second opening and an unknown path, in words that help', async () => {
  const { line } = await rig(1);
  const binding = emulatedBinding({ pico: line });
  await expect(binding.open({ path: 'emulated:pico', baudRate: BAUD })).rejects.toThrow('already open');
  await expect(binding.open({ path: '/dev/ttyACM0', baudRate: BAUD })).rejects.toThrow('There are: emulated:pico');
});
