/** After every test the board's own counters must stand still, unless the test declared that they would not. */
import { disturbanceText, isHeldUp, isMachinesTrip, isUpset, trips } from './disturbance.js';
import { linkNow } from './link-now.js';
import type { Rig } from './rig.js';

export const complaints = {
  overruns: 'jobs that ran into their next release',
  receiveErrors: 'messages that the board could not use',
  drops: "frames that found the board's transmit ring full",
  corrupt: 'messages that reached the host damaged',
  foreign: 'frames of another session',
  trips: 'trips to the safe state',
  resets: 'boots after the first',
  silence: 'a board that streamed and does not any more: nobody can read its counters',
} as const;
export type Complaint = keyof typeof complaints;
type Counter = Exclude<Complaint, 'silence'>;
type Counts = Record<Counter, number>;

/** Why the board is not well after a test. */
export interface Unwell {
  readonly message: string;
  /** What this machine did, where that explains all of it; null where it does not, and in virtual time. */
  readonly excuse: string | null;
}

/** A pseudo-terminal holds so much of a stream, in ms: a reader who stands still for longer fills the board's ring. */
const LINE_HOLDS_MS = 100;
/** The heartbeats of so long a time are as many messages as a small board has slots for: one whose emulator was behind gets them at once. */
const SLOTS_HOLD_MS = 50;
/** A board tells its counters once a second. */
const NEWS_MS = 1500;
const STREAMING_MS = 15_000;
/** A test may end with a reset: the board is waited for so long. */
const BACK_MS = 3000;
const LOOK_MS = 100;
const names = (Object.keys(complaints) as Complaint[]).filter((name): name is Counter => name !== 'silence');
/** Counted by the board since its boot, in 16 bits; the others by the bridge since its start. */
const ofBoot = { overruns: 'deviceOverruns', receiveErrors: 'deviceReceiveErrors', drops: 'deviceDrops' } as const;
const COUNTS_MASK = 0xffff;
const isOfBoot = (counter: Counter): counter is keyof typeof ofBoot => Object.hasOwn(ofBoot, counter);

/** What a board has counted, and in which of its boots. */
interface News {
  readonly counts: Counts;
  readonly boot: number;
}

export class BoardHealth {
  readonly #rig: Rig;
  readonly #expected = new Set<Complaint>();
  #before: News | null = null;
  /** When the test began, and how many states of the board had been told then. */
  #fromUs = Number.NaN;
  #healthsBefore = 0;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** Declares what this test provokes: these are not complained about. */
  expect(...expected: Complaint[]): void {
    for (const each of expected) this.#expected.add(each);
  }

  /** For a board that may go on from the test before, with counters of its own: waits until it streams, and reads them. */
  async begin(): Promise<void> {
    const { loop } = this.#rig;
    try {
      await this.#rig.until('the board streams', () => loop.session.state === 'streaming', STREAMING_MS);
    } catch (error) {
      if (error instanceof Error) error.message += `; ${linkNow(this.#rig)}`;
      throw error;
    }
    this.#before = await this.#news();
    this.#fromUs = this.#rig.nowUs();
    this.#healthsBefore = this.#rig.trace.healths.length;
  }

  /** Why the board is not well; null when it is. Lets time pass until the board has told its counters. */
  async complaint(): Promise<Unwell | null> {
    const { trace } = this.#rig;
    const fromUs = this.#rig.nowUs();
    if (await this.#isSilent()) {
      if (this.#expected.has('silence')) return null;
      const message =
        "the board does not stream after this test, though it did: its counters cannot be read. If the test ends so on purpose, declare it: health.expect('silence')";
      return { message, excuse: this.#excuse(isHeldUp(trace, fromUs, this.#rig.nowUs())) };
    }
    const after = await this.#news();
    if (after === null) return null;
    const grown = names.flatMap((each) => {
      const growth = this.#growth(each, after);
      return growth > 0 && !this.#expected.has(each) ? [{ each, growth }] : [];
    });
    if (grown.length === 0) return null;
    const told = grown.map(({ each, growth }) => `${growth} ${each} (${complaints[each]})`).join(', ');
    return {
      message: `the board is not well after this test: ${told}. If the test provokes it, declare it: health.expect('…')`,
      excuse: this.#excuse(grown.every(({ each, growth }) => this.#isMachines(each, growth))),
    };
  }

  /** Over all boots of this test. What a board had counted after its last word before a reset nobody knows. */
  #growth(counter: Counter, after: News): number {
    const before = this.#before;
    if (!isOfBoot(counter)) return after.counts[counter] - (before?.counts[counter] ?? 0);
    const newest = new Map<number, number>();
    for (const health of this.#rig.trace.healths.slice(this.#healthsBefore)) {
      const count = health[ofBoot[counter]];
      if (Number.isFinite(count)) newest.set(health.boot, count);
    }
    newest.set(after.boot, after.counts[counter]);
    const grown = (boot: number, count: number) =>
      (count - (boot === before?.boot ? before.counts[counter] : 0)) & COUNTS_MASK;
    return [...newest].reduce((sum, [boot, count]) => sum + grown(boot, count), 0);
  }

  #excuse(isMachines: boolean): string | null {
    const { trace } = this.#rig;
    return trace.options.isRealTime && isMachines ? disturbanceText(trace, this.#fromUs, this.#rig.nowUs()) : null;
  }

  /** Only what is a matter of time can be this machine's doing: a trip, and what befalls a board that is a process of it. */
  #isMachines(counter: Counter, growth: number): boolean {
    const { trace } = this.#rig;
    if (counter === 'trips') {
      // One that the bridge alone tells of, and no frame, is not known to be this machine's.
      const made = trips(trace);
      return made.length >= growth && made.every((trip) => isMachinesTrip(trace, trip));
    }
    if (trace.boardLag === null) return false;
    const toUs = this.#rig.nowUs();
    if (counter === 'receiveErrors') return trace.boardLag.worstUs(this.#fromUs, toUs) > SLOTS_HOLD_MS * 1e3;
    if (!trace.boardLag.isTimeless) return false;
    if (counter === 'overruns') return trace.boardLag.delays(this.#fromUs, toUs) * 2 > growth;
    return counter === 'drops' && isUpset(trace, { fromUs: this.#fromUs, toUs, overUs: LINE_HOLDS_MS * 1e3 });
  }

  /** Whether it has streamed in this test, and does not come back. */
  async #isSilent(): Promise<boolean> {
    const { loop, trace } = this.#rig;
    if (!trace.frames.some(({ verdict }) => verdict !== 'unverified')) return false;
    for (let ms = 0; ms < BACK_MS; ms += LOOK_MS) {
      if (loop.session.state === 'streaming') return false;
      await this.#rig.pass(LOOK_MS);
    }
    return loop.session.state !== 'streaming';
  }

  /** Its newest counters; null when it does not stream, or only prints lines: then it counts nothing. */
  async #news(): Promise<News | null> {
    const { loop } = this.#rig;
    if (loop.session.state !== 'streaming' || loop.board.established === null) return null;
    const old = loop.status;
    await this.#rig.until('the board tells its counters', () => loop.status !== old, NEWS_MS);
    const { counters } = loop.decoder;
    const counts = {
      overruns: loop.status?.overruns ?? 0,
      receiveErrors: loop.status?.receiveErrors ?? 0,
      drops: loop.status?.drops ?? 0,
      corrupt: counters.corruptFrames,
      foreign: counters.foreignFrames,
      trips: this.#trips(),
      resets: Math.max(0, loop.session.counters.boots - 1),
    };
    return { counts, boot: this.#rig.trace.health?.boot ?? 0 };
  }

  #trips(): number {
    return this.#rig.trace.healths.filter(({ arm }, i, all) => arm === 'tripped' && all[i - 1]?.arm !== 'tripped')
      .length;
  }
}
