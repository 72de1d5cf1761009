/**
 * A pseudo-terminal between the bridge and a board's port, so that bytes can be damaged in real time: `bridge ↔ this ↔
 * board`. The bridge finds it under one name, whatever becomes of the pseudo-terminal behind it.
 */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPty, PtyEnd } from '../board/emulated/pty.js';
import { openSerial, type SerialIo } from '../board/serial-io.js';
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
const CLOSE_MS = 1000;
const REOPEN_MS = 100;
const FIRST_OPEN_MS = 15_000;
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
  #board: SerialIo | null = null;
  #faults: LineFaults | null = null;
  #pending: Uint8Array = EMPTY;
  #isClosed = false;

  private constructor(options: LineProxyOptions) {
    this.#options = options;
    this.path = join(this.#folder, 'line');
    this.#timer = setInterval(() => this.#poll(), POLL_MS);
  }

  /** @throws Error when the board's port cannot be opened */
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
    await this.#board.pulseDtr(lowMs);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#unplug();
    await this.#board?.close(CLOSE_MS);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #swap(swap: () => Promise<void>): Promise<void> {
    const before = this.#board;
    this.#board = null;
    await before?.close(CLOSE_MS);
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
    const { boardPath, baud } = this.#options;
    for (;;) {
      const path = boardPath();
      const opened = path === null ? new Error('the board has no port') : await tryOpen(path, baud);
      if (!(opened instanceof Error)) {
        this.#listen(opened);
        return;
      }
      if (this.#isClosed || monotonicUs() > endUs) throw new Error(`${path ?? 'board'}: ${opened.message}`);
      await sleep(REOPEN_MS);
    }
  }

  #listen(board: SerialIo): void {
    this.#board = board;
    board.receive({
      chunk: (bytes) => {
        if (this.#board === board) this.#toBridge(this.#faults?.pass('fromBoard', bytes) ?? bytes);
      },
      hangup: () => {
        if (this.#board === board) void this.#lost(board);
      },
    });
  }

  /** The board's own port is gone: so is the bridge's, until it is back. */
  async #lost(board: SerialIo): Promise<void> {
    this.#board = null;
    this.#unplug();
    await board.close(CLOSE_MS);
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
    if (bytes.length > 0) this.#board?.send(bytes.slice());
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

async function tryOpen(path: string, baud: number): Promise<SerialIo | Error> {
  try {
    return await openSerial({ path, baud });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
