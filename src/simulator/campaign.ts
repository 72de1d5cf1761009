/** When which fault happens in an episode: one after the other, or on top of each other with quiet times in which the bridge must come back. */
import type { Episode } from './episode.js';
import { ExactCounts } from './exact-counts.js';
import { type FaultKind, lasting, overlapping, type PlannedFault, shuffled, traitsOf } from './faults.js';
import { Injector } from './injector.js';

const NEVER = Number.POSITIVE_INFINITY;
const SECOND_US = 1e6;
/** Nothing is injected before: the first session is made. */
const FIRST_FAULT_US = 6 * SECOND_US;
/** Of each minute of overlapping faults so much is quiet. */
const MINUTE_US = 60 * SECOND_US;
const QUIET_US = 15 * SECOND_US;
/** After the last fault the board must stream again, on a clock that is known, within this. */
const RECOVERY_US = 12 * SECOND_US;
/** Between two faults that must not overlap. */
const APART_US = 150_000;
const LOOK_AGAIN_US = 20_000;

export class Campaign {
  faults = 0;
  readonly injector: Injector;
  readonly #counts: ExactCounts;
  readonly #plan: PlannedFault[] = [];
  #round: FaultKind[] = [];
  #nextUs = NEVER;
  #quietUs = NEVER;
  #waitsForRecovery = false;

  /** @param endUs true time until which faults are planned */
  constructor(
    private readonly episode: Episode,
    endUs: number,
  ) {
    const { kinds, random, overlapped, toHost, checker } = episode;
    this.injector = new Injector(episode);
    this.#counts = new ExactCounts(toHost, checker, () => episode.bridge.loop.decoder.counters);
    if (kinds.length === 0) return;
    if (!overlapped) {
      this.#nextUs = FIRST_FAULT_US;
      return;
    }
    for (let fromUs = 0; fromUs < endUs; fromUs += MINUTE_US) {
      const startUs = fromUs === 0 ? FIRST_FAULT_US : fromUs;
      this.#plan.push(...overlapping(kinds, startUs, fromUs + MINUTE_US - QUIET_US, random));
    }
    this.#nextUs = this.#plan[0]?.atUs ?? NEVER;
    this.#quietUs = MINUTE_US - QUIET_US + RECOVERY_US;
  }

  get dueUs(): number {
    return Math.min(this.#nextUs, this.injector.dueUs, this.#quietUs);
  }

  run(atUs: number): void {
    if (this.injector.dueUs <= atUs) this.injector.run(atUs);
    else if (this.#quietUs <= atUs) {
      this.#quietUs += MINUTE_US;
      if (!this.episode.isRecovered) this.#notRecovered();
    } else if (this.episode.overlapped) this.#nextPlanned(atUs);
    else this.#nextAlone(atUs);
  }

  #nextPlanned(atUs: number): void {
    const planned = this.#plan.shift()!;
    this.#nextUs = this.#plan[0]?.atUs ?? NEVER;
    this.#inject(planned.kind, planned.lastsUs, atUs);
  }

  /** In rounds of all kinds; after a heavy one when everything is well again. */
  #nextAlone(atUs: number): void {
    if (this.#waitsForRecovery && !this.episode.isRecovered) {
      if (atUs > this.injector.endUs + RECOVERY_US) this.#notRecovered();
      this.#nextUs = atUs + LOOK_AGAIN_US;
      return;
    }
    this.#counts.check();
    const { random, kinds } = this.episode;
    if (this.#round.length === 0) this.#round = shuffled(kinds, random);
    const kind = this.#round.pop()!;
    const isHeavy = traitsOf(kind).isHeavy === true;
    if (!isHeavy) this.#counts.begin(kind);
    this.#inject(kind, lasting(kind, random), atUs);
    this.#waitsForRecovery = isHeavy;
    this.#nextUs = this.injector.endUs + APART_US * (1 + random());
  }

  #inject(kind: FaultKind, lastsUs: number, atUs: number): void {
    this.faults++;
    this.injector.inject(kind, lastsUs, atUs);
  }

  #notRecovered(): never {
    const { bridge, checker } = this.episode;
    return this.episode.checker.fail('the stream comes back after the last fault', {
      state: bridge.loop.session.state,
      clockSettled: bridge.loop.clock.settled,
      metInARow: checker.metInARow,
      fault: this.injector.lastKind,
    });
  }
}
