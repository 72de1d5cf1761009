/**
 * When this thread itself was not running: a beat that comes too late shows it. An answer that waited behind such a stall
 * was not late by the fault of who gave it.
 */
const BEAT_US = 20_000;
/** A beat is late by so much without anybody's fault. */
const SLACK_US = 5_000;
const STALLS_MAX = 32;

export class Pulse {
  readonly #fromUs = new Float64Array(STALLS_MAX);
  readonly #toUs = new Float64Array(STALLS_MAX);
  #stalls = 0;
  #beatUs = Number.NaN;

  static readonly intervalMs = BEAT_US / 1e3;

  /** Call every `intervalMs`. */
  beat(nowUs: number): void {
    const dueUs = this.#beatUs + BEAT_US;
    if (nowUs - dueUs > SLACK_US) {
      this.#fromUs[this.#stalls % STALLS_MAX] = dueUs;
      this.#toUs[this.#stalls++ % STALLS_MAX] = nowUs;
    }
    this.#beatUs = nowUs;
  }

  /** How long it stood within this time, µs; the stall under way, of which no beat has told yet, included. */
  stalledUs(fromUs: number, toUs: number): number {
    let sumUs = overlapUs(this.#beatUs + BEAT_US + SLACK_US, Number.POSITIVE_INFINITY, fromUs, toUs);
    for (let i = 0; i < Math.min(this.#stalls, STALLS_MAX); i++) {
      sumUs += overlapUs(this.#fromUs[i]!, this.#toUs[i]!, fromUs, toUs);
    }
    return sumUs;
  }
}

const overlapUs = (aUs: number, bUs: number, fromUs: number, toUs: number): number =>
  Math.max(0, Math.min(bUs, toUs) - Math.max(aUs, fromUs)) || 0;
