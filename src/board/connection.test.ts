import { describe, expect, it, vi } from 'vitest';
import { Backoff } from './backoff.js';
import { Connection, type ConnectionOptions } from './connection.js';
import { PortError } from './errors.js';
import type { ReceiveSink } from './fast-reader.js';
import type { SerialIo } from './serial-io.js';

/** Timers and a clock in virtual time. */
class VirtualTime {
  nowMs = 0;
  #pending: { atMs: number; callback: () => void }[] = [];

  after(ms: number, callback: () => void): () => void {
    const entry = { atMs: this.nowMs + ms, callback };
    this.#pending.push(entry);
    return () => {
      this.#pending = this.#pending.filter((other) => other !== entry);
    };
  }

  async run(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      await new Promise(setImmediate); // lets the promises between two timers settle
      const next = this.#pending.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#pending = this.#pending.filter((entry) => entry !== next);
      this.nowMs = next.atMs;
      next.callback();
    }
    this.nowMs = endMs;
  }
}

/** A port in memory. */
class MemoryIo implements SerialIo {
  readonly path = 'memory';
  readonly lowLatency = false;
  readonly counters = { readBytes: 0, writtenBytes: 0, refusedMessages: 0, queuedBytesMax: 0 };
  sink: ReceiveSink | null = null;
  isClosed = false;

  receive(sink: ReceiveSink): void {
    this.sink = sink;
  }

  send(): boolean {
    return true;
  }

  drainNow(): number {
    return 0;
  }

  async pulseDtr(): Promise<void> {}

  constructor(public isClosing = false) {}

  async close(): Promise<boolean> {
    this.isClosed = true;
    return !this.isClosing;
  }
}

function bench(options: Partial<ConnectionOptions> = {}) {
  const time = new VirtualTime();
  const log: string[] = [];
  const ports: MemoryIo[] = [];
  const connection = new Connection(
    {
      name: 'memory',
      baud: 9600,
      resolve: async () => 'memory',
      random: () => 0.999999,
      nowUs: () => time.nowMs * 1e3,
      timers: time,
      isFile: false,
      open: async () => {
        const io = new MemoryIo();
        ports.push(io);
        return io;
      },
      ...options,
    },
    {
      opened: (path) => log.push(`opened ${path}`),
      chunk: (bytes) => log.push(`chunk ${bytes.length}`),
      closed: (reason) => log.push(`closed ${reason?.code ?? 'by us'}`),
      unlocked: (path, reason) => log.push(`unlocked ${path}: ${reason}`),
      suspected: (error) => log.push(`suspected ${error.code}`),
      failed: (error, retryMs) =>
        log.push(`failed ${error.code} ${retryMs === null ? 'for good' : Math.round(retryMs)}`),
    },
  );
  return { connection, time, log, ports };
}

describe('the backoff', () => {
  it('doubles to its bound and stays within its jitter', () => {
    const longest = new Backoff(() => 0.999999);
    expect(Array.from({ length: 8 }, () => Math.round(longest.nextMs()))).toEqual([
      50, 100, 200, 400, 800, 1600, 2000, 2000,
    ]);
    const shortest = new Backoff(() => 0);
    expect(Array.from({ length: 8 }, () => shortest.nextMs())).toEqual([25, 50, 100, 200, 400, 800, 1000, 1000]);
  });
});

describe('a connection', () => {
  it('tries an absent port for ever, ever more slowly, and says so each time', async () => {
    const { connection, time, log } = bench({ resolve: async () => null });
    connection.open();
    await time.run(10_000);
    expect(log.slice(0, 7)).toEqual([50, 100, 200, 400, 800, 1600, 2000].map((ms) => `failed PORT_ABSENT ${ms}`));
    expect(connection.state).toBe('absent');
    await connection.close();
    const tries = log.length;
    await time.run(10_000);
    expect(log).toHaveLength(tries);
  });

  it('counts the messages that its ports refused over all of them: a port that is opened anew hides none', async () => {
    const { connection, time, ports } = bench();
    connection.open();
    await time.run(10);
    ports[0]!.counters.refusedMessages = 3;
    expect(connection.refusedMessages).toBe(3);
    ports[0]!.sink!.hangup(new Error('unplugged'));
    expect(connection.refusedMessages).toBe(3);
    await time.run(1000);
    ports[1]!.counters.refusedMessages = 2;
    expect(connection.refusedMessages).toBe(5);
  });

  it('counts no failure while the port is just being made', async () => {
    let isComing = true;
    const { connection, time } = bench({ resolve: async () => null, isComing: () => isComing });
    connection.open();
    await time.run(1000);
    expect(connection.counters.failures).toBe(0);
    isComing = false;
    await time.run(5000);
    expect(connection.counters.failures).toBeGreaterThan(0);
    await connection.close();
  });

  it('opens at once when the scout has seen something', async () => {
    let path: string | null = null;
    const { connection, time, log } = bench({ resolve: async () => path });
    connection.open();
    await time.run(5000);
    path = 'memory';
    connection.tryNow();
    await time.run(0);
    expect(log.at(-1)).toBe('opened memory');
    expect(connection.state).toBe('waiting');
  });

  it('comes back after a hangup and hears nothing more of the old port', async () => {
    const { connection, time, log, ports } = bench();
    connection.open();
    await time.run(10);
    ports[0]!.sink!.chunk(new Uint8Array(3), { arrivalUs: 1 });
    ports[0]!.sink!.hangup(new Error('gone'));
    ports[0]!.sink!.hangup(new Error('gone'));
    ports[0]!.sink!.chunk(new Uint8Array(4), { arrivalUs: 2 });
    await time.run(100);
    expect(log).toEqual(['opened memory', 'chunk 3', 'closed PORT_HANGUP', 'opened memory']);
    expect(ports[0]!.isClosed).toBe(true);
    expect(connection.counters).toMatchObject({ opens: 2, failures: 0, hangups: 1, hungCloses: 0 });
  });

  it('gives an owner that is just leaving a moment, then gives up', async () => {
    const open = async () => {
      throw new PortError('PORT_IN_USE', 'memory', 'no');
    };
    const { connection, time, log } = bench({ open });
    connection.open();
    await time.run(10_000);
    expect(log).toHaveLength(6);
    expect(log.at(-1)).toBe('failed PORT_IN_USE for good');
  });

  it('gives it that moment however long the port was absent before, and calls it refused only then', async () => {
    let path: string | null = null;
    let tries = 0;
    const open = async () => {
      tries++;
      throw new PortError('PORT_IN_USE', 'memory', 'no');
    };
    const { connection, time, log } = bench({ resolve: async () => path, open });
    connection.open();
    await time.run(30_000);
    path = 'memory';
    await time.run(3000);
    expect(tries).toBeGreaterThan(0);
    expect(connection.state).toBe('absent');
    await time.run(30_000);
    expect(tries).toBe(6);
    expect(log.at(-1)).toBe('failed PORT_IN_USE for good');
    expect(connection.state).toBe('refused');
  });

  it.each(['PORT_PERMISSION', 'PORT_NOT_TTY'] as const)('gives up on %s', async (code) => {
    const open = async () => {
      throw new PortError(code, 'memory', 'no');
    };
    const once = bench({ open });
    once.connection.open();
    await once.time.run(10_000);
    expect(once.log).toEqual([`failed ${code} for good`]);
    expect(once.connection.state).toBe('refused');
    const always = bench({ open, retryFatal: () => true });
    always.connection.open();
    await always.time.run(10_000);
    expect(always.log.length).toBeGreaterThan(5);
  });

  it('does not wait for a driver that hangs in open, and closes what it opens too late', async () => {
    const late = new MemoryIo();
    let opens = 0;
    let finish: (io: SerialIo) => void = () => {};
    const hanging = new Promise<SerialIo>((resolve) => {
      finish = resolve;
    });
    const { connection, time, log } = bench({
      open: () => (opens++ === 0 ? hanging : Promise.resolve(new MemoryIo())),
    });
    connection.open();
    await time.run(9000);
    expect(new Set(log.map((line) => line.slice(0, 18)))).toEqual(new Set(['failed PORT_FAILED']));
    // The port is locked by the open that hangs: no second one is tried meanwhile.
    expect(opens).toBe(1);
    finish(late);
    await time.run(3000);
    expect(late.isClosed).toBe(true);
    expect(log.at(-1)).toBe('opened memory');
    await connection.close();
  });

  it('says once that there is no place for its lock, and goes on', async () => {
    const lock = async () => {
      throw Object.assign(new Error('read-only file system'), { code: 'EROFS' });
    };
    const { connection, time, log, ports } = bench({ isFile: true, resolve: async () => '/dev/null', lock });
    const opened = (count: number) => vi.waitFor(() => expect(connection.counters.opens).toBe(count), 10_000);
    connection.open();
    await opened(1);
    ports[0]!.sink!.hangup(new Error('gone'));
    await time.run(100);
    await opened(2);
    await connection.close();
    expect(log).toEqual([
      'unlocked /dev/null: read-only file system',
      'opened /dev/null',
      'closed PORT_HANGUP',
      'opened /dev/null',
      'closed by us',
    ]);
    expect(connection.counters.unlocked).toBe(2);
  });

  it('is held by a driver that hangs in open, until that comes back', async () => {
    let finish: (io: SerialIo) => void = () => {};
    const open = () =>
      new Promise<SerialIo>((resolve) => {
        finish = resolve;
      });
    const { connection, time } = bench({ open });
    connection.open();
    await time.run(9000);
    expect(connection.isHeld).toBe(true);
    await connection.close();
    expect(connection.isHeld).toBe(true);
    finish(new MemoryIo());
    await time.run(1);
    expect(connection.isHeld).toBe(false);
  });

  it('is held by a driver that hangs in close, until that comes back', async () => {
    const io = new MemoryIo(true);
    const { connection, time } = bench({ open: async () => io });
    connection.open();
    await time.run(10);
    expect(connection.isHeld).toBe(false);
    await connection.close();
    expect(connection.isHeld).toBe(true);
    expect(connection.counters.hungCloses).toBe(1);
    io.isClosing = false;
    expect(connection.isHeld).toBe(false);
  });

  it('suspects the baud rate once per opening, when the bytes make no sense', async () => {
    let understood = 0;
    const { connection, time, log, ports } = bench({ understood: () => understood });
    connection.open();
    await time.run(100);
    ports[0]!.counters.readBytes = 50_000;
    await time.run(2000);
    expect(log).toHaveLength(1);
    await time.run(5000);
    expect(log.slice(1)).toEqual(['suspected PORT_BAUD_SUSPECTED']);
    ports[0]!.sink!.hangup(new Error('gone'));
    await time.run(100);
    understood = 1000;
    ports[1]!.counters.readBytes = 50_000;
    await time.run(10_000);
    expect(log.filter((line) => line.startsWith('suspected'))).toHaveLength(1);
  });

  it('closes a port that was still being opened when it was told to close', async () => {
    let finish: (io: SerialIo) => void = () => {};
    const io = new MemoryIo();
    const { connection, time, log } = bench({
      open: () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    });
    connection.open();
    await time.run(1);
    const closed = connection.close();
    finish(io);
    await closed;
    expect(io.isClosed).toBe(true);
    expect(log).toEqual([]);
  });
});
