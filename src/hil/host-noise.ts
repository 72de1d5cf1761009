/** When this process stood still during a test in real time: evidence for `disturbance.ts`, and a sentence for the report. */
import { monotonicUs } from '../host-clock.js';

const LOOK_MS = 5;
/** Half the watchdog of an armed board: worth a sentence in the report. */
export const NOISY_US = 50_000;
/** Shorter ones are how timers are. */
const STALL_US = 2000;

export class HostNoise {
  /** Longest time that this process's loop did not turn, beyond what a test asked for. */
  worstUs = 0;
  #lastUs = monotonicUs();
  readonly #timer = setInterval(() => this.#look(), LOOK_MS);

  /** @param onStall hears of each time that the loop did not turn for more than 2 ms, and when that ended */
  constructor(private readonly onStall: (atUs: number, us: number) => void) {
    this.#timer.unref();
  }

  /** Starting a bridge takes this thread's time: what was before does not count. */
  begin(): void {
    this.worstUs = 0;
    this.forgive();
  }

  /** A test is about to stand still on purpose, or has done so. */
  forgive(): void {
    this.#lastUs = monotonicUs();
  }

  /** In words; null on a machine that was quiet enough. */
  get text(): string | null {
    return this.worstUs < NOISY_US ? null : `this process stood still for up to ${Math.round(this.worstUs / 1e3)} ms`;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowUs = monotonicUs();
    const stallUs = nowUs - this.#lastUs - LOOK_MS * 1e3;
    this.worstUs = Math.max(this.worstUs, stallUs);
    if (stallUs > STALL_US) this.onStall(nowUs, stallUs);
    this.#lastUs = nowUs;
  }
}
