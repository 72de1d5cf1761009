/** Time, as a test lets it pass: virtual time moves only here. */
import { isDisturbed } from './judge.js';
import type { Rig } from './rig.js';

const WITHIN_MS = 10_000;
/** In real time the condition is looked at every few ms. */
const LOOK_US = 20_000;

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
   * @param withinMs exact in virtual time; in real time a busy machine gets half a minute, and what came too late is
   * inconclusive where this machine explains it
   * @throws Error when it does not hold, or held too late
   */
  async until(what: string, condition: () => boolean, withinMs = WITHIN_MS): Promise<void> {
    const fromUs = this.rig.nowUs();
    await this.rig.until(what, condition, withinMs);
    const toUs = this.rig.nowUs();
    const overUs = toUs - fromUs - withinMs * 1e3;
    if (this.isVirtual || overUs <= LOOK_US) return;
    const { trace } = this.rig;
    const late = `${what}: after ${Math.round((toUs - fromUs) / 1e3)} ms, not within ${withinMs} ms`;
    if (isDisturbed(trace, { fromUs, toUs, overUs })) trace.options.inconclusive(late);
    throw new Error(late);
  }
}
