/**
 * What one board's loop was given in one test, in order: every chunk with its stamps, every look and tick, every random
 * number, and where the test's own steps ended. With it the same loop does the same again: see `replay-rig.ts`.
 */
import type { BoardCommand, CommandAnswer } from '../outlet.js';
import type { FaultCounters } from './fault-lane.js';

/** What an entry carries beside its time. Times are host monotonic, µs. */
export interface EntryPayloads {
  opened: { readonly path: string };
  closed: { readonly reason: string; readonly state: string };
  suspected: { readonly text: string };
  /** A chunk as the loop got it, after all damage. `judgedUs`: when its first frame was judged; null without one. */
  rx: { readonly bytes: Uint8Array; readonly arrivalUs: number; judgedUs: number | null };
  /** What the loop said, before any damage; whether the port took it. */
  tx: { readonly bytes: Uint8Array; taken: boolean };
  looked: undefined;
  tick: undefined;
  ask: { readonly command: BoardCommand };
  random: { readonly value: number };
  /** What the thread did: the fields of `SampleRing.add` but the time. */
  sample: { readonly look: 0 | 1; readonly figures: readonly number[] };
  lag: { readonly us: number | null };
  /** The test read a pin, or saw one change. */
  pin: { readonly pin: number; readonly level: 0 | 1; readonly driven: boolean };
  edge: { readonly pin: number; readonly level: 0 | 1; readonly edgeUs: number };
  /** Done to the line or the board from outside: a fault, a reset. Told for whoever reads the recording. */
  did: { readonly what: string };
  /** A step of the test has ended. */
  step: {
    readonly step: StepKind;
    readonly detail: string;
    readonly error: string | null;
    answer: CommandAnswer | null;
    /** `faults.counters` then; recordings of before 2026-11-28 have none, nor has a target without faults. */
    readonly faultCounters?: FaultCounters;
  };
}
export type EntryKind = keyof EntryPayloads;
export type StepKind = 'pass' | 'until' | 'command' | 'freeze' | 'reset' | 'unplug' | 'swap';

export type Entry = {
  [Kind in EntryKind]: { readonly kind: Kind; readonly atUs: number; readonly payload: EntryPayloads[Kind] };
}[EntryKind];

const kinds: readonly EntryKind[] = [
  'opened',
  'closed',
  'suspected',
  'rx',
  'tx',
  'looked',
  'tick',
  'ask',
  'random',
  'sample',
  'lag',
  'pin',
  'edge',
  'did',
  'step',
];

/** About a quarter of an hour of virtual time; what comes after is not kept, and `isTruncated` says so. */
const ENTRIES_MAX = 4_000_000;
const BYTES_MAX = 128 * 1024 * 1024;
const FIRST_ENTRIES = 4096;

export class Recording {
  isTruncated = false;
  /** That the loop was given, and that it said. */
  readonly bytes = { fromBoard: 0, toBoard: 0 };
  /** What kind of loop it was; set when it is made. */
  loop: RecordedLoopTerms | null = null;
  /** Of the faults of this test, as they count on: each step keeps what they are at its end. */
  faultCounters: FaultCounters | null = null;
  // Looks and ticks are most of it, and carry nothing: columns, not objects.
  #kinds = new Uint8Array(FIRST_ENTRIES);
  #atUs = new Float64Array(FIRST_ENTRIES);
  readonly #payloads = new Map<number, unknown>();
  #length = 0;
  /** The step of the test that is under way. */
  #underWay: string | null = null;
  #newestChunk: EntryPayloads['rx'] | null = null;

  get length(): number {
    return this.#length;
  }

  at(index: number): Entry {
    const entry = { kind: kinds[this.#kinds[index]!]!, atUs: this.#atUs[index]!, payload: this.#payloads.get(index) };
    return entry as Entry;
  }

  /** Index of the first entry of this kind from `from` on; -1 for none. */
  next(kind: EntryKind, from: number): number {
    const wanted = kinds.indexOf(kind);
    const found = this.#kinds.subarray(0, this.#length).indexOf(wanted, from);
    return found;
  }

  add<Kind extends EntryKind>(kind: Kind, atUs: number, payload: EntryPayloads[Kind]): void {
    if (this.#length >= ENTRIES_MAX || this.bytes.fromBoard + this.bytes.toBoard > BYTES_MAX) {
      this.isTruncated = true;
      return;
    }
    if (this.#length === this.#kinds.length) this.#grow();
    this.#kinds[this.#length] = kinds.indexOf(kind);
    this.#atUs[this.#length] = atUs;
    if (payload !== undefined) this.#payloads.set(this.#length, payload);
    this.#length++;
  }

  /** @param bytes are copied */
  chunk(bytes: Uint8Array, atUs: number, arrivalUs: number): void {
    this.bytes.fromBoard += bytes.length;
    this.#newestChunk = { bytes: bytes.slice(), arrivalUs, judgedUs: null };
    this.add('rx', atUs, this.#newestChunk);
  }

  /** The first frame of the newest chunk was judged. */
  judged(judgedUs: number): void {
    if (this.#newestChunk !== null) this.#newestChunk.judgedUs ??= judgedUs;
  }

  said(bytes: Uint8Array, atUs: number, send: (bytes: Uint8Array) => boolean): boolean {
    this.bytes.toBoard += bytes.length;
    const said = { bytes: bytes.slice(), taken: true };
    this.add('tx', atUs, said);
    said.taken = send(bytes);
    return said.taken;
  }

  /**
   * Marks where a step of the test ended, and how.
   * @throws Error for a step that begins while another one is under way: nobody could replay it
   */
  async step<Result>(
    { nowUs, step, detail }: { readonly nowUs: () => number; readonly step: StepKind; readonly detail: string },
    work: () => Promise<Result>,
    answerOf: (result: Result) => CommandAnswer | null = () => null,
  ): Promise<Result> {
    const named = detail === '' ? step : `${step} ${detail}`;
    if (this.#underWay !== null) {
      throw new Error(
        `"${named}" began before "${this.#underWay}" had ended: await each step of a test before the next one, for a recording holds them one after the other`,
      );
    }
    const end = (error: string | null, answer: CommandAnswer | null) => {
      this.#underWay = null;
      const counters = this.faultCounters === null ? {} : { faultCounters: { ...this.faultCounters } };
      this.add('step', nowUs(), { step, detail, error, answer, ...counters });
    };
    this.#underWay = named;
    try {
      const result = await work();
      end(null, answerOf(result));
      return result;
    } catch (error) {
      end(error instanceof Error ? error.message : String(error), null);
      throw error;
    }
  }

  #grow(): void {
    const more = this.#length * 2;
    const grownKinds = new Uint8Array(more);
    grownKinds.set(this.#kinds);
    this.#kinds = grownKinds;
    const grownTimes = new Float64Array(more);
    grownTimes.set(this.#atUs);
    this.#atUs = grownTimes;
  }
}

/** What the loop was told at its start. */
export interface RecordedLoopTerms {
  readonly path: string;
  readonly baud: number;
  readonly timedLine: boolean;
  /** Null in virtual time; otherwise whether the thread's CPU time could be measured. */
  readonly evidence: { measured: boolean } | null;
  readonly hasEmulatorLag: boolean;
  /** UTC at host monotonic 0. */
  readonly utcAtZeroUs: number;
}
