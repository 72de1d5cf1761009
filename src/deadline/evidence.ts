/**
 * The one impure file here: samples what the thread did between its looks at a port, and looks itself when frames are
 * overdue. A non-blocking read that finds nothing proves that nothing was readable; the thread's own `schedstat` tells
 * waiting for a CPU from sleep. About 2 µs a sample.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Arrival } from '../codec/decoder.js';
import { type Look, looks, SampleRing } from './samples.js';

/** First look after the last read: a period and this. */
const OVERDUE_MARGIN_US = 1000;
/** Then one a millisecond while the stream stays overdue. */
const CHAIN_US = 1000;
/** For a second: then a board may be gone for good, and does not deserve a thousand looks a second, of 5 µs and 1.2 kB each. */
const QUICK_LOOKS = 1000;
const SLOW_CHAIN_US = 20_000;
/** Turns of the loop after which a port that cannot be looked at would have handed over what it had. */
const UNPROVEN_LOOKS = 5;
/** Looks are this much later than asked for, without anybody's fault. */
const TIMER_LATENESS_US = 100;
const SCHEDSTAT_BYTES = 64;
const SPACE = 32;
const ZERO = 48;

export interface EvidenceOptions {
  /** Host monotonic, µs. */
  readonly nowUs: () => number;
  /**
   * One non-blocking read of the port. Bytes go the normal way before it returns, so `read` has been called.
   * @returns the bytes taken, 0 when nothing was readable, -1 when that cannot be told
   */
  readonly drain: () => number;
  /** The port was empty at `nowUs`, as far as can be told: silence may be judged. */
  readonly onEmpty: (nowUs: number) => void;
  /** Shortest period of the board's streams. */
  readonly periodUs: number;
  /** For tests of the degraded mode; the real one by default. */
  readonly schedstatPath?: string;
  /** In virtual time: what the modelled thread did, and its timers. The calling thread's own by default. */
  readonly thread?: WatchedThread;
}

/** The thread that reads the port. */
export interface WatchedThread {
  /** Whether CPU time and run delay are known. */
  readonly measured: boolean;
  /** As of the newest `read`, all since some fixed instant, µs: the loop asleep; on a CPU; runnable without one. */
  readonly idleUs: number;
  readonly cpuUs: number;
  readonly runDelayUs: number;
  read(): void;
  after(us: number, callback: () => void): LookTimer;
  close(): void;
}

/** As `NodeJS.Timeout`. */
export interface LookTimer {
  refresh(): unknown;
  close(): unknown;
}

/** Reads CPU time and run delay of the calling thread (the main thread's id is the process's) without producing garbage. */
class ThisThread implements WatchedThread {
  idleUs = 0;
  cpuUs = 0;
  runDelayUs = 0;
  #fd: number | null;
  readonly #buffer = new Uint8Array(SCHEDSTAT_BYTES);

  constructor(schedstatPath: string) {
    this.#fd = openIfMeasured(schedstatPath);
  }

  get measured(): boolean {
    return this.#fd !== null;
  }

  read(): void {
    this.idleUs = performance.nodeTiming.idleTime * 1e3;
    if (this.#fd !== null) this.#readSchedstat(this.#fd);
  }

  after(us: number, callback: () => void): LookTimer {
    return setTimeout(callback, us / 1e3);
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  /** `<ns on CPU> <ns runnable without one> <slices>`, see Documentation/scheduler/sched-stats of Linux. */
  #readSchedstat(fd: number): void {
    const buffer = this.#buffer;
    const length = readSync(fd, buffer, 0, SCHEDSTAT_BYTES, 0);
    let i = 0;
    let ns = 0;
    for (; i < length && buffer[i] !== SPACE; i++) ns = ns * 10 + buffer[i]! - ZERO;
    this.cpuUs = ns / 1e3;
    ns = 0;
    for (i++; i < length && buffer[i] !== SPACE; i++) ns = ns * 10 + buffer[i]! - ZERO;
    this.runDelayUs = ns / 1e3;
  }
}

/**
 * Null on macOS, Windows, in some containers, and where the kernel does not count (it says `0 0 0` of a thread that runs):
 * evidence without it, said so by `samples.measured`.
 */
export function openIfMeasured(path: string): number | null {
  try {
    const fd = openSync(path, 'r');
    const buffer = Buffer.alloc(SCHEDSTAT_BYTES);
    const text = buffer.toString('latin1', 0, readSync(fd, buffer, 0, SCHEDSTAT_BYTES, 0));
    if (/^[1-9]\d* \d+ /.test(text)) return fd;
    closeSync(fd);
    return null;
  } catch {
    return null;
  }
}

export class Evidence {
  readonly samples: SampleRing;
  readonly #options: EvidenceOptions;
  readonly #thread: WatchedThread;
  readonly #overdueUs: number;
  #overdue: LookTimer | null = null;
  #chain: LookTimer | null = null;
  /** In a row, without bytes. */
  #looks = 0;

  constructor(options: EvidenceOptions) {
    this.#options = options;
    this.#thread =
      options.thread ?? new ThisThread(options.schedstatPath ?? `/proc/self/task/${process.pid}/schedstat`);
    this.samples = new SampleRing(this.#thread.measured);
    this.#overdueUs = options.periodUs + OVERDUE_MARGIN_US;
  }

  /** Begins to watch; the first look is due after a period. */
  start(): void {
    this.close();
    this.#overdue = this.#thread.after(this.#overdueUs, () => this.#probe());
  }

  /** Call first thing with every chunk. */
  arrived(): void {
    this.#overdue?.refresh();
    this.#endChain();
  }

  /** Call once for every chunk, with its arrival stamp: before the first miss in it is blamed. */
  read({ arrivalUs }: Arrival): void {
    this.#sample(looks.read, arrivalUs, arrivalUs + this.#overdueUs);
  }

  /** Stops the looks, for a port that has closed. `start` begins again. */
  close(): void {
    this.#overdue?.close();
    this.#overdue = null;
    this.#endChain();
  }

  /** Ends for good: the kept-open descriptor too. */
  dispose(): void {
    this.close();
    this.#thread.close();
  }

  /**
   * The stream is overdue: is there really nothing? A look that blocked (the kernel flushes the line's buffers first) proves
   * nothing of the time before it, so the sample is of its end. A port that cannot be looked at gives no sample: blame
   * then has no proof, and silence is judged after a few turns of the loop, by the lease alone.
   */
  #probe(): void {
    this.#chain = null;
    const found = this.#options.drain();
    if (found > 0 || this.#overdue === null) return; // `arrived` has armed the timer again, or the port is gone
    const nowUs = this.#options.nowUs();
    const nextUs = ++this.#looks < QUICK_LOOKS ? CHAIN_US : SLOW_CHAIN_US;
    if (found === 0) this.#sample(looks.empty, nowUs, nowUs + nextUs + TIMER_LATENESS_US);
    this.#chain = this.#thread.after(nextUs, () => this.#probe());
    if (found === 0 || this.#looks >= UNPROVEN_LOOKS) this.#options.onEmpty(nowUs);
  }

  #endChain(): void {
    this.#looks = 0;
    this.#chain?.close();
    this.#chain = null;
  }

  #sample(look: Look, atUs: number, dueUs: number): void {
    const thread = this.#thread;
    thread.read();
    this.samples.add(look, atUs, thread.idleUs, thread.cpuUs, thread.runDelayUs, dueUs);
  }
}
