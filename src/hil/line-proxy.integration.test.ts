import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPty, type Pty, PtyEnd } from '../board/emulated/pty.js';
import { openSerial, type SerialIo } from '../board/serial-io.js';
import { monotonicUs } from '../host-clock.js';
import type { LineFaults } from './line-faults.js';
import { LineProxy } from './line-proxy.js';
import { Trace } from './trace.js';

const WITHIN_MS = 20_000;

async function until(what: string, condition: () => boolean): Promise<void> {
  const endUs = monotonicUs() + WITHIN_MS * 1e3;
  while (!condition()) {
    if (monotonicUs() > endUs) throw new Error(`${what}: not within ${WITHIN_MS} ms`);
    await sleep(2);
  }
}

/** The far end of a line: what it got, and a way to say something. */
class Board {
  readonly pty: Pty = openPty();
  readonly got: number[] = [];
  readonly #end = new PtyEnd(this.pty);
  readonly #buffer = new Uint8Array(4096);
  readonly #timer = setInterval(() => {
    const count = this.#end.receive(this.#buffer, this.#buffer.length);
    this.got.push(...this.#buffer.subarray(0, count));
  }, 1);

  say(...bytes: number[]): void {
    this.#end.send(Uint8Array.from(bytes), bytes.length);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#end.close();
  }
}

class Bridge {
  readonly got: number[] = [];
  isHungUp = false;
  #io: SerialIo | null = null;

  async open(path: string): Promise<void> {
    this.#io = await openSerial({ path, baud: 115_200 });
    this.#io.receive({
      chunk: (bytes) => this.got.push(...bytes),
      hangup: () => {
        this.isHungUp = true;
      },
    });
  }

  say(...bytes: number[]): void {
    this.#io?.send(Uint8Array.from(bytes));
  }

  async close(): Promise<void> {
    await this.#io?.close(1000);
  }
}

function newTrace(): Trace {
  const never = (reason: string): never => {
    throw new Error(reason);
  };
  return new Trace({
    nowUs: monotonicUs,
    isRealTime: true,
    inconclusive: never,
    refuse: never,
    marginal: () => {},
    replay: '',
  });
}

describe.skipIf(process.platform === 'win32')('a line through our own hands', () => {
  let boards: Board[];
  let proxy: LineProxy;
  let bridge: Bridge;
  let faults: LineFaults;
  let trace: Trace;

  beforeEach(async () => {
    boards = [new Board()];
    bridge = new Bridge();
    trace = newTrace();
    proxy = await LineProxy.open({
      kind: 'pty',
      seed: 1,
      baud: 115_200,
      boardPath: () => boards.at(-1)!.pty.path,
      swap: async () => void boards.push(new Board()),
    });
    faults = proxy.faults(trace);
    await bridge.open(proxy.path);
    // The ends are seen to be open by the first bytes that come through.
    await until('bytes reach the bridge', () => {
      boards[0]!.say(0);
      return bridge.got.length > 0;
    });
    await sleep(20);
    bridge.got.length = 0;
  });

  afterEach(async () => {
    await bridge.close();
    await proxy.close();
    for (const board of boards) board.close();
  });

  it('carries bytes both ways, and damages those that it is told to', async () => {
    bridge.say(1, 2, 3);
    await until('the board has them', () => boards[0]!.got.length === 3);
    faults.drop({ direction: 'toBoard' });
    faults.duplicate({ bytes: 2 });
    bridge.say(4, 5);
    boards[0]!.say(6, 7, 8);
    await until('the board has what is left', () => boards[0]!.got.length === 4);
    await until('the bridge has more than was said', () => bridge.got.length === 5);
    expect(boards[0]!.got).toEqual([1, 2, 3, 5]);
    expect(bridge.got).toEqual([6, 6, 7, 7, 8]);
    expect(trace.faults.map(({ fault }) => fault)).toEqual(['drop', 'duplicate']);
  });

  it('lets go of what it held', async () => {
    faults.stall(50);
    boards[0]!.say(1, 2);
    await until('it came after all', () => bridge.got.length === 2);
    expect(faults.counters.stalled).toBe(2);
  });

  it('ends at another board after a swap, with the port still open', async () => {
    await faults.swap();
    await until('the new board is heard', () => {
      boards[1]!.say(9);
      return bridge.got.length > 0;
    });
    expect(new Set(bridge.got)).toEqual(new Set([9]));
    expect(bridge.isHungUp).toBe(false);
  });

  it('disappears when it is unplugged, and comes back under its name', async () => {
    await faults.unplug(50);
    await until('the bridge has noticed', () => bridge.isHungUp);
    await bridge.close();
    await bridge.open(proxy.path);
    await until('bytes reach the bridge again', () => {
      boards[0]!.say(5);
      return bridge.got.length > 0;
    });
  });

  it('refuses what cannot be made there, with the reason', () => {
    expect(() => faults.clockStep({ clock: 'utc', ms: 1 })).toThrow('n/a: it would set the clock of this machine');
  });
});
