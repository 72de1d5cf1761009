/** How much this machine disturbed a test in real time: what a test that failed on it can be excused with. */
import { monotonicUs } from '../host-clock.js';

const LOOK_MS = 5;
/** Half the watchdog of an armed board: a host that stood still for longer may have tripped it. */
export const NOISY_US = 50_000;

export class HostNoise {
  /** Longest time that this process's loop did not turn, beyond what a test asked for. */
  worstUs = 0;
  #lastUs = monotonicUs();
  readonly #timer = setInterval(() => this.#look(), LOOK_MS);

  constructor() {
    this.#timer.unref();
  }

  /** A test is about to stand still on purpose, or has done so. */
  forgive(): void {
    this.#lastUs = monotonicUs();
  }

  /** In words; null on a machine that was quiet enough. */
  get excuse(): string | null {
    return this.worstUs < NOISY_US ? null : `this process stood still for up to ${Math.round(this.worstUs / 1e3)} ms`;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowUs = monotonicUs();
    this.worstUs = Math.max(this.worstUs, nowUs - this.#lastUs - LOOK_MS * 1e3);
    this.#lastUs = nowUs;
  }
}
