/**
 * A pseudo-terminal between the bridge and a board's port, so that bytes can be damaged in real time: `bridge ↔ this ↔
 * board`. The bridge finds it under one name, whatever becomes of the pseudo-terminal behind it.
 */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPty, PtyEnd } from '../board/emulated/pty.js';
import { PortError } from '../board/errors.js';
import { type OpenPort, PortAccess } from '../board/port-access.js';
import { realTimers } from '../board/timers.js';
import { monotonicUs } from '../host-clock.js';
import type { BackEnd } from './fault-table.js';
import { LineFaults } from './line-faults.js';
import type { Trace } from './trace.js';

export interface LineProxyOptions {
  /** The board's port as it is now; asked anew when it has gone away. Null while there is none. */
  readonly boardPath: () => string | null;
  readonly baud: number;
  readonly seed: number;
  readonly kind: BackEnd;
  /** Makes `boardPath` another board's; for the fault `swap`. */
  readonly swap?: () => Promise<void>;
}

const POLL_MS = 1;
const READ_BYTES = 4096;
/** What the kernel does not take from us at once, as of a reader that sleeps; more is lost, as on a line. */
const PENDING_BYTES_MAX = 64 * 1024;
const REOPEN_MS = 100;
const FIRST_OPEN_MS = 15_000;
/** What waiting seldom helps, it does within this: an owner that is just leaving, rights that udev is just giving. */
const HOPELESS_MS = 2000;
const EMPTY = new Uint8Array(0);

export class LineProxy {
  /** What the bridge opens. */
  readonly path: string;
  /** Bytes that found the pseudo-terminal full. */
  lostBytes = 0;
  readonly #options: LineProxyOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tautline-line-'));
  readonly #read = new Uint8Array(READ_BYTES);
  readonly #timer: NodeJS.Timeout;
  #end: PtyEnd | null = null;
  #board: OpenPort | null = null;
  readonly #access: PortAccess;
  #faults: LineFaults | null = null;
  #pending: Uint8Array = EMPTY;
  #isClosed = false;

  private constructor(options: LineProxyOptions) {
    this.#options = options;
    this.path = join(this.#folder, 'line');
    const { boardPath, baud, kind } = options;
    this.#access = new PortAccess(
      // The pseudo-terminal of a board of ours is nobody else's: it needs no lock.
      { resolve: async () => boardPath(), name: 'the board', baud, isFile: kind === 'port' },
      realTimers,
      { hungCloses: 0, unlocked: 0 },
      (path, reason) => process.stderr.write(`${path} is open without a lock: ${reason}\n`),
    );
    this.#timer = setInterval(() => this.#poll(), POLL_MS);
  }

  /** @throws PortError when the board's port cannot be opened */
  static async open(options: LineProxyOptions): Promise<LineProxy> {
    const proxy = new LineProxy(options);
    try {
      await proxy.#openBoard(FIRST_OPEN_MS);
      proxy.#plug();
      return proxy;
    } catch (error) {
      await proxy.close();
      throw error;
    }
  }

  /** From now on bytes pass through these faults. */
  faults(trace: Trace): LineFaults {
    const { seed, kind, swap } = this.#options;
    this.#faults = new LineFaults({
      seed,
      nowUs: monotonicUs,
      onFault: trace.tellFault,
      refuse: trace.refuse,
      step: trace.faultStep,
      backEnd: {
        kind,
        ...(swap === undefined ? {} : { swap: () => this.#swap(swap) }),
        unplug: (ms) => this.unplug(ms),
      },
    });
    return this.#faults;
  }

  /** The bridge's port disappears for `ms`; the board goes on. Ends when it is back. */
  async unplug(ms: number): Promise<void> {
    this.#unplug();
    await sleep(ms);
    if (!this.#isClosed) this.#plug();
  }

  /** @throws Error when the board's port is not open, or has no DTR */
  async pulseDtr(lowMs: number): Promise<void> {
    if (this.#board === null) throw new Error(`${this.#options.boardPath() ?? 'the board'} is not open`);
    await this.#board.io.pulseDtr(lowMs);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#unplug();
    const board = this.#board;
    this.#board = null;
    if (board !== null) await this.#access.close(board, false);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #swap(swap: () => Promise<void>): Promise<void> {
    const before = this.#board;
    this.#board = null;
    if (before !== null) await this.#access.close(before, false);
    await swap();
    await this.#openBoard(FIRST_OPEN_MS);
  }

  #plug(): void {
    const pty = openPty();
    this.#end = new PtyEnd(pty);
    symlinkSync(pty.path, this.path);
  }

  #unplug(): void {
    rmSync(this.path, { force: true });
    this.#end?.close();
    this.#end = null;
    this.#pending = EMPTY;
  }

  async #openBoard(withinMs: number): Promise<void> {
    const endUs = monotonicUs() + withinMs * 1e3;
    const hopelessUs = monotonicUs() + Math.min(withinMs, HOPELESS_MS) * 1e3;
    for (;;) {
      const opened = await this.#access.open().catch((error: unknown) => error);
      if (!(opened instanceof Error)) {
        const board = opened as OpenPort;
        if (!this.#isClosed) this.#listen(board);
        else await this.#access.close(board, false);
        return;
      }
      const canHelp = !(opened instanceof PortError) || opened.retry || withinMs === Number.POSITIVE_INFINITY;
      if (this.#isClosed || monotonicUs() > (canHelp ? endUs : hopelessUs)) throw opened;
      await sleep(REOPEN_MS);
    }
  }

  #listen(board: OpenPort): void {
    this.#board = board;
    board.io.receive({
      chunk: (bytes) => {
        if (this.#board === board) this.#toBridge(this.#faults?.pass('fromBoard', bytes) ?? bytes);
      },
      hangup: () => {
        if (this.#board === board) void this.#lost(board);
      },
    });
  }

  /** The board's own port is gone: so is the bridge's, until it is back. */
  async #lost(board: OpenPort): Promise<void> {
    this.#board = null;
    this.#unplug();
    await this.#access.close(board, true);
    // A board that stays away is for the test to notice: nobody waits for this.
    await this.#openBoard(Number.POSITIVE_INFINITY).catch(() => {});
    if (!this.#isClosed) this.#plug();
  }

  #poll(): void {
    const count = this.#end?.receive(this.#read, READ_BYTES) ?? 0;
    const sent = this.#read.subarray(0, count);
    if (count > 0) this.#toBoard(this.#faults?.pass('toBoard', sent) ?? sent);
    this.#toBoard(this.#faults?.released('toBoard') ?? EMPTY);
    this.#toBridge(this.#faults?.released('fromBoard') ?? EMPTY); // also what found the kernel full
  }

  #toBoard(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#board?.io.send(bytes.slice());
  }

  #toBridge(bytes: Uint8Array): void {
    const end = this.#end;
    if (end === null) return;
    const all = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const left = all.length === 0 ? all : all.subarray(end.send(all, all.length));
    this.lostBytes += Math.max(0, left.length - PENDING_BYTES_MAX);
    this.#pending = left.slice(0, PENDING_BYTES_MAX);
  }
}
