/** Does the planned faults to the parts of an episode, undoes them in time, and knows which ones were at work when. */
import type { Episode } from './episode.js';
import { absenceOf, type FaultKind, traitsOf } from './faults.js';

const HISTORY = 8;
const NEVER = Number.POSITIVE_INFINITY;
/** After a fault that has ended, misses are still its own: a backlog is digested. */
const AFTERMATH_US = 120_000;

export class Injector {
  /** When the last of the faults so far ends, true time. */
  endUs = Number.NEGATIVE_INFINITY;
  lastKind: FaultKind | null = null;
  readonly #ends: { readonly atUs: number; readonly undo: () => void }[] = [];
  #history: string[] = [];
  #recent: { readonly kind: FaultKind; readonly endUs: number }[] = [];

  constructor(private readonly episode: Episode) {}

  /** The newest faults, for a report. */
  get history(): readonly string[] {
    return this.#history;
  }

  /** When something is to be undone. */
  get dueUs(): number {
    return this.#ends[0]?.atUs ?? NEVER;
  }

  run(nowUs: number): void {
    while (this.dueUs <= nowUs) this.#ends.shift()!.undo();
  }

  /** The fault to which a miss of this culprit belongs. */
  causeOf(culprit: string): string {
    const { nowUs } = this.episode;
    const where = culprit === 'firmware' ? 'board' : culprit === 'link' ? 'line' : 'host';
    this.#recent = this.#recent.filter(({ endUs }) => nowUs - endUs < AFTERMATH_US);
    const guilty = this.#recent.find(({ kind }) => traitsOf(kind).where === where);
    return guilty?.kind ?? 'another';
  }

  inject(kind: FaultKind, lastsUs: number, nowUs: number): void {
    this.lastKind = kind;
    this.#history.push(`${kind} at ${(nowUs / 1e6).toFixed(4)} s for ${(lastsUs / 1e3).toFixed(1)} ms`);
    if (this.#history.length > HISTORY) this.#history.shift();
    const endUs = nowUs + lastsUs;
    this.endUs = Math.max(this.endUs, endUs);
    this.episode.checker.metInARow = 0;
    this.#recent.push({ kind, endUs });
    const { where } = traitsOf(kind);
    if (where === 'line') this.#line(kind, lastsUs, nowUs);
    else if (where === 'board') this.#board(kind, lastsUs, nowUs);
    else if (where === 'host') this.#host(kind, lastsUs, nowUs);
    else this.#consumer(kind, lastsUs, nowUs);
  }

  #line(kind: FaultKind, lastsUs: number, nowUs: number): void {
    const { episode } = this;
    const { toHost, toBoard } = episode;
    const untilUs = nowUs + lastsUs;
    switch (kind) {
      case 'flip':
      case 'drop':
      case 'insert':
      case 'duplicate':
      case 'reorder':
      case 'foreign':
        toHost.inject(kind);
        break;
      case 'noise to board':
        toBoard.flip(nowUs);
        break;
      case 'delay':
        toHost.heldUntilUs = Math.max(toHost.heldUntilUs, untilUs);
        break;
      case 'burst':
        toHost.garbledUntilUs = Math.max(toHost.garbledUntilUs, untilUs);
        break;
      case 'wrong baud':
        toHost.garbledUntilUs = Math.max(toHost.garbledUntilUs, untilUs);
        toBoard.garbledUntilUs = Math.max(toBoard.garbledUntilUs, untilUs);
        break;
      case 'dead to host':
        toHost.deafUntilUs = Math.max(toHost.deafUntilUs, untilUs);
        break;
      case 'half open':
        toBoard.deafUntilUs = Math.max(toBoard.deafUntilUs, untilUs);
        break;
      case 'unplug':
        toHost.deafUntilUs = Math.max(toHost.deafUntilUs, untilUs);
        toBoard.deafUntilUs = Math.max(toBoard.deafUntilUs, untilUs);
        if (!episode.isAlive || !episode.bridge.isOpen) break;
        episode.bridge.close();
        this.#later(untilUs, () => {
          if (episode.isAlive && !episode.bridge.isOpen) episode.bridge.open();
        });
    }
  }

  #board(kind: FaultKind, lastsUs: number, nowUs: number): void {
    const { device, checker, random } = this.episode;
    switch (kind) {
      case 'overrun':
        device.overrunUs = lastsUs;
        break;
      case 'hidden overrun':
        device.hiddenUs = lastsUs;
        break;
      case 'skip':
        device.skips = Math.ceil(lastsUs / 1000);
        break;
      case 'ring full':
        device.frames.drops = Math.ceil(lastsUs / 1000);
        break;
      case 'sequence jump':
        device.frames.sequenceJump = 1000 + Math.floor(2 ** 26 * random());
        break;
      case 'sequence back':
        device.frames.sequenceJump = -1 - Math.floor(5000 * random());
        break;
      case 'drift':
        device.clock.bend(random, nowUs);
        checker.clock.bend(nowUs);
        break;
      case 'leap':
        device.leap(10 ** (3.7 + 3.3 * random()), nowUs);
        checker.clock.jump(nowUs);
        break;
      case 'pause':
        device.pause(lastsUs, nowUs);
        checker.clock.jump(nowUs + lastsUs);
        break;
      case 'reset':
        device.reset('pin', nowUs);
        break;
      case 'hang':
        device.hang(nowUs);
        this.endUs += 100_000;
    }
  }

  #host(kind: FaultKind, lastsUs: number, nowUs: number): void {
    const { episode } = this;
    if (!episode.isAlive) return;
    const { thread, checker, toHost, toBoard } = episode;
    const endUs = nowUs + lastsUs;
    checker.hostAwayUntilUs = Math.max(checker.hostAwayUntilUs, endUs);
    const absence = absenceOf[kind];
    if (absence !== undefined) episode.keepAway(absence, lastsUs);
    else if (kind === 'suspend') {
      episode.keepAway('suspended', lastsUs);
      toHost.deafUntilUs = Math.max(toHost.deafUntilUs, endUs);
      toHost.suspendedUntilUs = Math.max(toHost.suspendedUntilUs, endUs);
      toBoard.deafUntilUs = Math.max(toBoard.deafUntilUs, endUs);
      checker.clock.jump(endUs);
    } else if (kind === 'hung reader') {
      thread.isReadingHung = true;
      this.#later(endUs, () => {
        thread.isReadingHung = false;
      });
    } else if (kind === 'kill') {
      episode.kill();
      this.#later(endUs, () => episode.restart());
    }
  }

  #consumer(kind: FaultKind, lastsUs: number, nowUs: number): void {
    const { outlet } = this.episode;
    if (outlet === null) return;
    const endUs = nowUs + lastsUs;
    if (kind === 'slow consumer') outlet.slowUntilUs = Math.max(outlet.slowUntilUs, endUs);
    else {
      outlet.connect(false);
      this.#later(endUs, () => outlet.connect(true));
    }
  }

  #later(atUs: number, undo: () => void): void {
    this.#ends.push({ atUs, undo });
    this.#ends.sort((a, b) => a.atUs - b.atUs);
  }
}
