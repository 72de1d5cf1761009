import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BindingInterface, OpenOptions } from '@serialport/bindings-cpp';
import { SerialPort } from 'serialport';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Arrival } from '../codec/decoder.js';
import { emulatedBinding } from './emulated/binding.js';
import { readImage } from './emulated/boards.js';
import { VirtualLine } from './emulated/virtual-line.js';
import { lowLatencyBinding } from './low-latency-binding.js';
import { openSerial, type SerialIo } from './serial-io.js';
import { PtyLine, until } from './testing/pty-line.js';
import { WRITE_QUEUE_BYTES } from './write-queue.js';

/** Collects what a port delivers. */
class Collector {
  text = '';
  hangups: Error[] = [];
  lastUs = 0;

  chunk(bytes: Uint8Array, { arrivalUs }: Arrival): void {
    expect(arrivalUs).toBeGreaterThanOrEqual(this.lastUs);
    this.lastUs = arrivalUs;
    this.text += Buffer.from(bytes).toString('latin1');
  }

  hangup(cause: Error): void {
    this.hangups.push(cause);
  }
}

describe('a real port', () => {
  let line: PtyLine;
  let heard: string;
  let io: SerialIo;
  let sink: Collector;

  beforeEach(async () => {
    heard = '';
    line = await PtyLine.open((bytes) => {
      heard += bytes.toString('latin1');
    });
    io = await openSerial({ path: line.path, baud: 921_600 });
    sink = new Collector();
  });

  afterEach(async () => {
    await io.close(1000);
    await line.close();
  });

  it('carries every byte both ways, unchanged', async () => {
    io.receive(sink);
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    line.write(Buffer.from(all, 'latin1'));
    expect(io.send(Buffer.from(all, 'latin1'))).toBe(true);
    await until(() => sink.text.length >= 256 && heard.length >= 256);
    expect(sink.text).toBe(all);
    expect(heard).toBe(all);
    expect(io.counters).toMatchObject({ readBytes: 256, writtenBytes: 256, refusedMessages: 0 });
  });

  it('takes no bug of whoever gets the bytes for a cable that was pulled', () => {
    const bug = new Error('a bug');
    io.receive({
      chunk: () => {
        throw bug;
      },
      hangup: (cause) => sink.hangup(cause),
    });
    line.write('x');
    const look = (): unknown => {
      // In one turn: nobody else reads meanwhile.
      for (const endMs = performance.now() + 20_000; performance.now() < endMs; ) {
        try {
          io.drainNow();
        } catch (error) {
          return error;
        }
      }
      return undefined;
    };
    expect(look()).toBe(bug);
    expect(sink.hangups).toEqual([]);
  });

  it("keeps the order when probes read between the stream's own reads", async () => {
    io.receive(sink);
    let sent = '';
    for (let i = 0; i < 200; i++) {
      const text = `line ${i}\n`;
      sent += text;
      line.write(text);
      io.drainNow();
      if (i % 20 === 0) await new Promise(setImmediate);
    }
    await until(() => sink.text.length >= sent.length);
    expect(sink.text).toBe(sent);
  });

  it('proves silence by a read that finds nothing, and delivers what a read finds', async () => {
    io.receive(sink);
    expect(io.drainNow()).toBe(0);
    line.write('x');
    let found = 0;
    await until(() => {
      found += Math.max(0, io.drainNow());
      return sink.text === 'x';
    });
    expect(io.drainNow()).toBe(0);
    expect(found).toBeLessThanOrEqual(1);
  });

  it('reports one hangup when the board goes, and then proves nothing', async () => {
    io.receive(sink);
    await line.unplug();
    await until(() => sink.hangups.length > 0);
    expect(io.drainNow()).toBe(-1);
    expect(io.send(Buffer.from('x'))).toBe(false);
    expect(sink.hangups).toHaveLength(1);
  });

  it('notices a kernel hangup, which reads as an end of file, as an unplugged USB adapter does', async (test) => {
    io.receive(sink);
    const hangUp = 'import fcntl, os, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY), 0x5437)';
    const { status } = spawnSync('python3', ['-c', hangUp, line.path]);
    test.skip(status !== 0, 'TIOCVHANGUP needs python3 and CAP_SYS_ADMIN');
    await until(() => sink.hangups.length > 0);
    expect(sink.hangups).toHaveLength(1);
    expect(sink.hangups[0]?.message).toContain('hung up');
    expect(io.drainNow()).toBe(-1);
  });

  it('refuses whole messages, and counts them, when nobody takes them', async () => {
    io.receive(sink);
    // The pty's own buffer fills because nothing in this turn of the loop lets socat's pipe drain for long.
    const message = new Uint8Array(WRITE_QUEUE_BYTES).fill(0x55);
    let accepted = 0;
    while (io.send(message)) accepted++;
    const { refusedMessages } = io.counters;
    expect(refusedMessages).toBe(1);
    await until(() => heard.length === accepted * message.length);
    expect(io.send(Buffer.from('!'))).toBe(true);
    await until(() => heard.endsWith('!'));
  });

  it('reads and writes while every thread of the pool is blocked', async () => {
    io.receive(sink);
    const directory = mkdtempSync(join(tmpdir(), 'tautline-pool-'));
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    // Opening a FIFO waits for its other end: so many of them take all threads that the pool has.
    const blocked = Array.from({ length: 64 }, () => open(fifo, 'r'));
    let isPoolFree = false;
    const asked = stat(directory).then(() => {
      isPoolFree = true;
    });
    line.write('in');
    io.send(Buffer.from('out'));
    await until(() => sink.text === 'in' && heard === 'out');
    expect(isPoolFree).toBe(false);
    const writer = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    for (const file of await Promise.all(blocked)) await file.close();
    await asked;
    closeSync(writer);
    rmSync(directory, { recursive: true });
  });

  it("keeps serialport's lock while the fast read has a descriptor of its own", async () => {
    io.receive(sink);
    await expect(openSerial({ path: line.path, baud: 921_600 })).rejects.toThrow(/lock/);
  });
});

describe('the stream interface of SerialPort over the low-latency binding', () => {
  it('reads and writes', async () => {
    let heard = 0;
    const line = await PtyLine.open((bytes) => {
      heard += bytes.length;
    });
    const options = { path: line.path, baudRate: 115_200, autoOpen: false, binding: lowLatencyBinding };
    const port = new SerialPort(options as ConstructorParameters<typeof SerialPort>[0]);
    await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
    let text = '';
    port.on('data', (bytes: Buffer) => {
      text += bytes;
    });
    line.write('hello');
    await new Promise<void>((resolve, reject) => port.write(Buffer.alloc(100_000), (e) => (e ? reject(e) : resolve())));
    await until(() => text === 'hello' && heard === 100_000);
    await new Promise<void>((resolve) => port.close(() => resolve()));
    await line.close();
  });
});

describe('DTR', () => {
  /** An emulated Uno whose reset button is at DTR, as on the board: through a capacitor, so that the rising edge resets. */
  function unoAtDtr(): { line: VirtualLine; binding: BindingInterface; levels: string[] } {
    const line = new VirtualLine({ board: 'uno', image: readImage('uno'), seed: 1 });
    const inner = emulatedBinding({ uno: line });
    const levels: string[] = [];
    const open = async (options: OpenOptions) => {
      const port = await inner.open(options);
      let before = true;
      port.set = async ({ dtr = true, rts = true }) => {
        levels.push(`${dtr} ${rts}`);
        if (dtr && !before) line.board.reset('pin');
        before = dtr;
      };
      return port;
    };
    return { line, binding: { list: inner.list, open }, levels };
  }

  it('goes down and up again in a pulse, and that is one reset of an Uno', async () => {
    const { line, binding, levels } = unoAtDtr();
    const uno = await openSerial({ path: 'emulated:uno', baud: 1_000_000, binding });
    expect(line.board.resets).toBe(0);
    levels.length = 0;
    await uno.pulseDtr(1);
    expect(levels).toEqual(['false false', 'true true']);
    expect(line.board.resets).toBe(1);
    await uno.close(1000);
  });

  it('is not there on a pseudo-terminal, which says so', async () => {
    const line = await PtyLine.open();
    const port = await openSerial({ path: line.path, baud: 9600 });
    await expect(port.pulseDtr(1)).rejects.toThrow(/Inappropriate ioctl/);
    await port.close(1000);
    await line.close();
  });
});
