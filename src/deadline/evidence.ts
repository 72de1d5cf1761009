/**
 * The one impure file here: samples what the thread did between its looks at a port, and looks itself when frames are
 * overdue. A non-blocking read that finds nothing proves that nothing was readable; the thread's own `schedstat` tells
 * waiting for a CPU from sleep. About 2 µs a sample.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { type Look, looks, SampleRing } from './samples.js';

/** First look after the last read: a period and this. */
const OVERDUE_MARGIN_US = 1000;
/** Then one a millisecond while the stream stays overdue. */
const CHAIN_US = 1000;
/** A board that is gone for good does not deserve a thousand looks a second: each costs 5 µs and 1.2 kB. */
const QUICK_LOOKS = 100;
const SLOW_CHAIN_US = 20_000;
/** Turns of the loop after which a port that cannot be looked at would have handed over what it had. */
const UNPROVEN_LOOKS = 5;
/** Looks are this much later than asked for, without anybody's fault. */
const TIMER_LATENESS_US = 100;
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
}

/** Reads CPU time and run delay of the calling thread (the main thread's id is the process's) without producing garbage. */
class Schedstat {
  cpuUs = 0;
  runDelayUs = 0;
  readonly #fd: number;
  readonly #buffer = new Uint8Array(64);

  constructor(path: string) {
    this.#fd = openSync(path, 'r');
  }

  /** `<ns on CPU> <ns runnable without one> <slices>`, see Documentation/scheduler/sched-stats of Linux. */
  read(): void {
    readSync(this.#fd, this.#buffer, 0, 64, 0);
    let i = 0;
    let ns = 0;
    for (; this.#buffer[i] !== SPACE; i++) ns = ns * 10 + this.#buffer[i]! - ZERO;
    this.cpuUs = ns / 1e3;
    ns = 0;
    for (i++; this.#buffer[i] !== SPACE; i++) ns = ns * 10 + this.#buffer[i]! - ZERO;
    this.runDelayUs = ns / 1e3;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function openSchedstat(path: string): Schedstat | null {
  try {
    const schedstat = new Schedstat(path);
    schedstat.read();
    return schedstat;
  } catch {
    return null; // macOS, Windows, some containers: evidence without it, said so by `samples.measured`
  }
}

export class Evidence {
  readonly samples: SampleRing;
  readonly #options: EvidenceOptions;
  readonly #schedstat: Schedstat | null;
  readonly #overdueUs: number;
  #overdue: NodeJS.Timeout | null = null;
  #chain: NodeJS.Timeout | null = null;
  /** In a row, without bytes. */
  #looks = 0;

  constructor(options: EvidenceOptions) {
    this.#options = options;
    this.#schedstat = openSchedstat(options.schedstatPath ?? `/proc/self/task/${process.pid}/schedstat`);
    this.samples = new SampleRing(this.#schedstat !== null);
    this.#overdueUs = options.periodUs + OVERDUE_MARGIN_US;
  }

  /** Begins to watch; the first look is due after a period. */
  start(): void {
    this.close();
    this.#overdue = setTimeout(() => this.#probe(), this.#overdueUs / 1e3);
  }

  /** Call first thing with the arrival stamp of every chunk. */
  read(arrivalUs: number): void {
    this.#sample(looks.read, arrivalUs, arrivalUs + this.#overdueUs);
    this.#overdue?.refresh();
    this.#endChain();
  }

  /** Stops the looks, for a port that has closed. `start` begins again. */
  close(): void {
    if (this.#overdue !== null) clearTimeout(this.#overdue);
    this.#overdue = null;
    this.#endChain();
  }

  /** Ends for good: the kept-open descriptor too. */
  dispose(): void {
    this.close();
    this.#schedstat?.close();
  }

  /**
   * The stream is overdue: is there really nothing? A look that blocked (the kernel flushes the line's buffers first) proves
   * nothing of the time before it, so the sample is of its end. A port that cannot be looked at gives no sample: blame
   * then has no proof, and silence is judged after a few turns of the loop, by the lease alone.
   */
  #probe(): void {
    this.#chain = null;
    const found = this.#options.drain();
    if (found > 0 || this.#overdue === null) return; // `read` has armed the timer again, or the port is gone
    const nowUs = this.#options.nowUs();
    const nextUs = ++this.#looks < QUICK_LOOKS ? CHAIN_US : SLOW_CHAIN_US;
    if (found === 0) this.#sample(looks.empty, nowUs, nowUs + nextUs + TIMER_LATENESS_US);
    this.#chain = setTimeout(() => this.#probe(), nextUs / 1e3);
    if (found === 0 || this.#looks >= UNPROVEN_LOOKS) this.#options.onEmpty(nowUs);
  }

  #endChain(): void {
    this.#looks = 0;
    if (this.#chain !== null) clearTimeout(this.#chain);
    this.#chain = null;
  }

  #sample(look: Look, atUs: number, dueUs: number): void {
    const idleUs = performance.nodeTiming.idleTime * 1e3;
    const schedstat = this.#schedstat;
    if (schedstat === null) this.samples.add(look, atUs, idleUs, 0, 0, dueUs);
    else {
      schedstat.read();
      this.samples.add(look, atUs, idleUs, schedstat.cpuUs, schedstat.runDelayUs, dueUs);
    }
  }
}
