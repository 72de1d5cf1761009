/** A miss of an emulated board may be the emulator's own: it is asked only then, and a bounded number of times. */
import type { LoopStream } from './streams.js';

const QUESTIONS_PER_SECOND = 100;
/** How far back a miss of which the release is not known is looked at. */
const BACK_US = 100_000;

export class EmulatorLag {
  /** As of the newest question. */
  newestUs = 0;
  #questions = 0;

  /** @param lagUs by how much the emulator lagged behind its plan; undefined when it does not say. Null for a real board. */
  constructor(private readonly lagUs: ((fromUs: number, toUs: number) => number | undefined) | null) {}

  /** Call once a second. */
  refill(): void {
    this.#questions = QUESTIONS_PER_SECOND;
  }

  /** @param releaseUs on the host's clock; NaN when it is not known */
  ask(stream: LoopStream, releaseUs: number, judgedUs: number): void {
    if (this.lagUs === null || this.#questions-- <= 0) return;
    this.newestUs = this.lagUs(Number.isNaN(releaseUs) ? judgedUs - BACK_US : releaseUs, judgedUs) ?? 0;
    stream.reporter.emulatorLagUs = this.newestUs;
  }
}
