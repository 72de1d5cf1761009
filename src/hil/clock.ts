/** Time, as a test lets it pass: virtual time moves only here. */
import { disturbanceText, isDisturbed, isUpset } from './disturbance.js';
import type { Rig } from './rig.js';
import type { TraceMark, TraceWindow } from './trace.js';

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
   * @throws TimedOut when it does not hold, Error when it held too late
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

  /**
   * What is asserted in `check` is a matter of time: a disturbance of this length since the mark breaks it. Where it does not
   * hold in real time, and this machine stood still or the board was behind for more than half of that at one go, the test is
   * inconclusive. A plain assertion outside of this is never excused.
   */
  timely({ since, ms }: TimelyTerms, check: () => void): void {
    try {
      check();
    } catch (error) {
      const { trace } = this.rig;
      const fromUs = since === undefined ? Number.NaN : 'atUs' in since ? since.atUs : since.fromUs;
      const toUs = this.rig.nowUs();
      if (this.isVirtual || !isUpset(trace, { fromUs, toUs, overUs: ms * 1e3 })) throw error;
      trace.options.inconclusive(`${(error as Error).message}; ${disturbanceText(trace, fromUs, toUs)}`);
    }
  }
}

export interface TimelyTerms {
  /** Since when a disturbance counts; default: since the bridge was started. */
  readonly since?: TraceMark | TraceWindow;
  /** How long it must be to break what is asserted. */
  readonly ms: number;
}
