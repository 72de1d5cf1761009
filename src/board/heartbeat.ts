/** The heartbeat and the ping: what the host says to the board by the clock. Pure: times are host monotonic us. */
import type { Message } from '../codec/message.js';
import { PING_BURST, PING_BURST_PERIOD_US, PING_PERIOD_US } from '../deadline/line-load.js';

export const HEARTBEAT_PERIOD_US = 20_000;

/** What the caller vouches for. Without it the board must not be told that the host is well. */
export interface LoopProof {
  /** The loop has turned since the last beat, and its check for silence has run. */
  readonly isChecked: boolean;
  /** Release time of the newest good frame, low 32 bits of device us; null before the first. */
  readonly echoUs: number | null;
  readonly isArmed: boolean;
}

/**
 * Beats every 20 ms while the caller proves that the loop works. After a trip it is silent until `rearm`, so that the
 * board's own watchdog guards the case in which the message `safe` was lost.
 */
export class Heartbeat {
  readonly counters = { sent: 0, withheld: 0 };
  #tag: number | null = null;
  #counter = 0;
  #dueUs = 0;
  #isTripped = false;

  /** A session begins. A trip outlives it: only `rearm` ends it. */
  opened(tag: number): void {
    this.#tag = tag;
    this.#counter = 0;
  }

  closed(): void {
    this.#tag = null;
  }

  trip(): void {
    this.#isTripped = true;
  }

  /** Somebody has explicitly asked to re-arm: the board needs a running heartbeat before it accepts that. */
  rearm(): void {
    this.#isTripped = false;
  }

  get isTripped(): boolean {
    return this.#isTripped;
  }

  get dueUs(): number {
    return this.#tag === null || this.#isTripped ? Number.POSITIVE_INFINITY : this.#dueUs;
  }

  /** The message to send now, or null: not due, no session, tripped, or the proof is missing (then it is counted). */
  beat(nowUs: number, proof: LoopProof): Message<'heartbeat'> | null {
    if (this.#tag === null || this.#isTripped || nowUs < this.#dueUs) return null;
    // From the last due time, so that a late tick does not shift the beat; after a stall from now, without catching up.
    const nextUs = this.#dueUs + HEARTBEAT_PERIOD_US;
    this.#dueUs = nextUs > nowUs ? nextUs : nowUs + HEARTBEAT_PERIOD_US;
    if (!proof.isChecked || proof.echoUs === null) {
      this.counters.withheld++;
      return null;
    }
    this.counters.sent++;
    this.#counter++;
    const armedEcho = proof.isArmed ? 1 : 0;
    return { name: 'heartbeat', session: this.#tag, counter: this.#counter, armedEcho, echoUs: proof.echoUs };
  }
}

/** From one pause to the next after the burst, until they are a steady ping's. */
const SLOWER = 2;
/** Answers later than this many pings are not looked for. */
const REMEMBERED = 16;

/**
 * When to ping: a burst at the start of a session, so that the offset of the clocks is soon known, then in longer and longer
 * pauses, for their rates, up to twice a second; and on demand.
 */
export class PingSchedule {
  readonly counters = { sent: 0, answered: 0, stray: 0 };
  readonly #sentUs = new Float64Array(REMEMBERED).fill(Number.NaN);
  #tag: number | null = null;
  #id = 0;
  #burst = 0;
  #periodUs = PING_PERIOD_US;
  #dueUs = Number.POSITIVE_INFINITY;

  opened(tag: number, nowUs: number): void {
    this.#tag = tag;
    this.#sentUs.fill(Number.NaN);
    this.again(nowUs);
  }

  /** Begins anew with a burst: what was known of the clock is not true any more. */
  again(nowUs: number): void {
    this.#burst = PING_BURST;
    this.#periodUs = PING_BURST_PERIOD_US;
    this.demand(nowUs);
  }

  closed(): void {
    this.#tag = null;
    this.#dueUs = Number.POSITIVE_INFINITY;
  }

  /** Ping at the next chance: somebody wants to know now whether the board is there. */
  demand(nowUs: number): void {
    if (this.#tag !== null) this.#dueUs = Math.min(this.#dueUs, nowUs);
  }

  get dueUs(): number {
    return this.#dueUs;
  }

  /** The message to send now, or null. Stamp the moment of writing with `sent`. */
  next(nowUs: number): Message<'ping'> | null {
    if (this.#tag === null || nowUs < this.#dueUs) return null;
    this.#burst--;
    if (this.#burst <= 0) this.#periodUs = Math.min(PING_PERIOD_US, this.#periodUs * SLOWER);
    this.#dueUs = nowUs + this.#periodUs;
    this.#id = (this.#id + 1) >>> 0;
    this.counters.sent++;
    return { name: 'ping', session: this.#tag, id: this.#id, pad0: 0, pad1: 0, pad2: 0, pad3: 0 };
  }

  /** When the ping was handed to the driver: as late as possible, it bounds the clock from below. */
  sent(id: number, atUs: number): void {
    this.#sentUs[id % REMEMBERED] = atUs;
  }

  /** When the ping that this `pong` answers was sent (host us), or null: repeated, too old, or nobody's. */
  answered(id: number): number | null {
    const at = id % REMEMBERED;
    const sentUs = this.#sentUs[at]!;
    const isRemembered = id <= this.#id && this.#id - id < REMEMBERED;
    if (!isRemembered || Number.isNaN(sentUs)) {
      this.counters.stray++;
      return null;
    }
    this.#sentUs[at] = Number.NaN;
    this.counters.answered++;
    return sentUs;
  }
}
