/**
 * Proof of silence. A timer of one period and a millisecond, refreshed by every read, means "overdue" when it fires; the
 * host then looks at the port without waiting. Nothing there: the stream is silent, proved. Something there: it was only
 * this loop that was late, and the bytes go their usual way. Without that look a fifth of all alarms was false.
 */
import { monotonicUs } from '../host-clock.js';

export interface SilenceHandlers {
  /** One non-blocking read of the port: bytes delivered, 0 when it was empty, -1 when that says nothing. */
  drain(): number;
  /** The port was empty at `emptyUs`. `dueUs`: when this probe should have run; a stop or a busy loop shows as a late one. */
  silent(emptyUs: number, dueUs: number): void;
  /** Bytes were waiting, found at `foundUs`: they have been delivered. */
  pending?(foundUs: number, dueUs: number): void;
}

const MARGIN_MS = 1;
/** Overdue, it looks every ms at first; a board that is gone for good does not deserve a thousand looks a second (5 us and 1.2 kB each). */
const EVERY_MS_PROBES = 100;
const LONG_AFTER_MS = 20;

export class SilenceProbe {
  readonly counters = { probes: 0, silent: 0, pending: 0 };
  #timer: NodeJS.Timeout | null = null;
  #again: NodeJS.Timeout | null = null;
  #dueUs = Number.POSITIVE_INFINITY;
  #probesInRow = 0;
  #isOverdue = false;

  /** @param periodMs of the fastest stream. */
  constructor(
    private readonly periodMs: number,
    private readonly handlers: SilenceHandlers,
  ) {}

  /** First thing for every chunk that arrived. Also starts the probe. */
  read(arrivalUs: number): void {
    this.#probesInRow = 0;
    this.#isOverdue = false;
    this.#dueUs = arrivalUs + (this.periodMs + MARGIN_MS) * 1e3;
    if (this.#again !== null) {
      clearTimeout(this.#again);
      this.#again = null;
    }
    // Refreshing costs no allocation, but a cleared timer cannot be refreshed.
    if (this.#timer === null) this.#timer = setTimeout(() => this.#probe(), this.periodMs + MARGIN_MS);
    else this.#timer.refresh();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#again !== null) clearTimeout(this.#again);
    this.#again = null;
  }

  #probe(): void {
    const dueUs = this.#dueUs;
    this.counters.probes++;
    this.#again = null;
    this.#isOverdue = true;
    // A probe that the kernel blocked proves nothing of the time before it: what it found is stamped after it.
    const found = this.handlers.drain();
    const endUs = monotonicUs();
    if (found > 0) {
      this.counters.pending++;
      this.handlers.pending?.(endUs, dueUs);
      if (this.#timer !== null && this.#isOverdue) this.#next(endUs); // nobody called `read` for those bytes
      return;
    }
    if (this.#timer === null) return; // the look found a hangup, and stopped this
    this.#next(endUs);
    if (found < 0) return;
    this.counters.silent++;
    this.handlers.silent(endUs, dueUs);
  }

  #next(nowUs: number): void {
    this.#probesInRow++;
    const ms = this.#probesInRow < EVERY_MS_PROBES ? 1 : LONG_AFTER_MS;
    this.#dueUs = nowUs + ms * 1e3;
    this.#again = setTimeout(() => this.#probe(), ms);
  }
}
