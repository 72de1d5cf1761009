/** Time, as a test lets it pass: virtual time moves only here. */
import type { Rig } from './rig.js';

const WITHIN_MS = 10_000;

export class HilClock {
  constructor(
    private readonly rig: Rig,
    readonly isVirtual: boolean,
  ) {}

  /** Host monotonic, µs. */
  nowUs(): number {
    return this.rig.nowUs();
  }

  /** Lets so much time pass. */
  pass(ms: number): Promise<void> {
    return this.rig.pass(ms);
  }

  /**
   * Lets time pass until the condition holds.
   * @param what completes "… : not within 10000 ms"
   * @param withinMs exact in virtual time; in real time a busy machine gets more, and is found out
   */
  until(what: string, condition: () => boolean, withinMs = WITHIN_MS): Promise<void> {
    return this.rig.until(what, condition, withinMs);
  }
}
