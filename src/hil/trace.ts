/** Everything that an outlet could see of one test, kept in order: frames, misses, health, texts, and a hash over the line's bytes. */
import { createHash } from 'node:crypto';
import { type ArmState, armStates, type Encoding, encodings, type TripCause, tripCauses } from '../codec/schema.js';
import { type Culprit, culprits, type Verdict, verdicts } from '../deadline/verdict.js';
import type { HealthRecord, MissRecord } from '../feed/events.js';
import type { FrameRecord } from '../feed/frame.js';
import type { RingHandlers } from '../feed/outlet-reader.js';
import { type LinkState, linkStates } from '../feed/slot.js';
import type { TextEvent } from '../outlet.js';
import type { BoardLag } from './disturbance.js';
import type { FaultEvent } from './line-faults.js';
import { Recording } from './recording.js';

/** A frame as it left the ring; times as in `FrameRecord`. */
export interface TracedFrame extends Omit<FrameRecord, 'verdict' | 'culprit' | 'values' | 'board' | 'count'> {
  readonly verdict: Verdict;
  readonly culprit: Culprit;
  /** In units, in the order of the descriptor's signals. */
  readonly values: readonly number[];
}

export interface TracedMiss extends Omit<MissRecord, 'verdict' | 'culprit' | 'board'> {
  readonly verdict: Verdict;
  readonly culprit: Culprit;
}

/** State of the board, on change and once a second. */
export interface TracedHealth extends Omit<HealthRecord, 'link' | 'arm' | 'tripCause' | 'encoding' | 'board'> {
  readonly link: LinkState;
  readonly arm: ArmState;
  readonly tripCause: TripCause;
  readonly encoding: Encoding;
}

/** How far the trace had come at an instant. */
export interface TraceMark {
  /** Host monotonic. */
  readonly atUs: number;
  readonly frames: number;
  readonly misses: number;
  readonly healths: number;
  readonly texts: number;
}

/** A part of a trace: what the matchers look at. */
export interface TraceWindow {
  readonly frames: readonly TracedFrame[];
  readonly misses: readonly TracedMiss[];
  readonly healths: readonly TracedHealth[];
  readonly texts: readonly TextEvent[];
  /** When the window begins, host monotonic; NaN for the whole trace. */
  readonly fromUs: number;
  /** When it ends, host monotonic: for the whole trace, now. */
  readonly toUs: number;
  readonly trace: Trace;
}

export interface TraceOptions {
  readonly nowUs: () => number;
  /** Judged by a clock that this machine can disturb. */
  readonly isRealTime: boolean;
  /** Ends the test as inconclusive: neither passed nor failed. */
  readonly inconclusive: (reason: string) => never;
  /** Ends the test as skipped: it asks for what this target cannot do. */
  readonly refuse: (reason: string) => never;
  /** Something held, but by little. */
  readonly marginal: (claim: string) => void;
  /** How to run this test again, for failure messages. */
  readonly replay: string;
}

/** About a quarter of an hour at 1 kHz; more is not kept, and is an error of the test. */
const FRAMES_MAX = 1_000_000;
/** Faults are asked for by tests: more than this is a loop. */
const FAULTS_MAX = 10_000;
const STALLS_MAX = 10_000;
const armStateNames = Object.keys(armStates) as ArmState[];
const tripCauseNames = Object.keys(tripCauses) as TripCause[];
const encodingNames = Object.keys(encodings) as Encoding[];

export class Trace implements TraceWindow {
  readonly frames: TracedFrame[] = [];
  readonly misses: TracedMiss[] = [];
  readonly healths: TracedHealth[] = [];
  readonly texts: TextEvent[] = [];
  /** What was done to the line, in order. */
  readonly faults: FaultEvent[] = [];
  /** When this machine let the bridge's thread stand still, in real time. */
  readonly stalls: { readonly atUs: number; readonly us: number }[] = [];
  /** Of `stalls` the longest are kept: so many shorter ones were not. */
  stallsLeftOut = 0;
  /** When the test itself let the host stand still: what came of that is no excuse. */
  readonly freezes: { readonly fromUs: number; readonly toUs: number }[] = [];
  /** Of a board that is a process of this machine; null for others, and in virtual time. */
  boardLag: BoardLag | null = null;
  /** What the bridge's loop was given: enough to run it again. */
  readonly recording = new Recording();
  readonly fromUs = Number.NaN;
  readonly trace = this;
  /** Bytes that came from the board, and that went to it. */
  readonly bytes = { fromBoard: 0, toBoard: 0 };
  readonly #hash = createHash('sha256');

  constructor(readonly options: TraceOptions) {}

  /** The newest state of the board; undefined before the first. */
  get health(): TracedHealth | undefined {
    return this.healths.at(-1);
  }

  get toUs(): number {
    return this.options.nowUs();
  }

  mark(): TraceMark {
    const { frames, misses, healths, texts } = this;
    return {
      atUs: this.options.nowUs(),
      frames: frames.length,
      misses: misses.length,
      healths: healths.length,
      texts: texts.length,
    };
  }

  /** What came after the mark. */
  since(mark: TraceMark, until: TraceMark = this.mark()): TraceWindow {
    return {
      frames: this.frames.slice(mark.frames, until.frames),
      misses: this.misses.slice(mark.misses, until.misses),
      healths: this.healths.slice(mark.healths, until.healths),
      texts: this.texts.slice(mark.texts, until.texts),
      fromUs: mark.atUs,
      toUs: until.atUs,
      trace: this,
    };
  }

  /** What the bridge and the board have said since, as lines. */
  logs(mark?: TraceMark): string[] {
    const texts = mark === undefined ? this.texts : this.since(mark).texts;
    return texts.flatMap((event) => (event.type === 'log' ? [event.text] : []));
  }

  /** SHA-256 over the line's bytes with their times, and over every record: equal for two runs of one seed in virtual time. */
  digest(): string {
    const { frames, misses, healths, texts } = this;
    return this.#hash
      .copy()
      .update(JSON.stringify([frames, misses, healths, texts]))
      .digest('hex');
  }

  readonly stalled = (atUs: number, us: number): void => {
    this.stalls.push({ atUs, us });
    if (this.stalls.length <= STALLS_MAX) return;
    const shortest = this.stalls.reduce((at, stall, i, all) => (stall.us < all[at]!.us ? i : at), 0);
    this.stalls.splice(shortest, 1);
    this.stallsLeftOut++;
  };

  readonly refuse = (reason: string): never => this.options.refuse(reason);

  /** A fault was made. */
  readonly tellFault = (event: FaultEvent): void => {
    if (this.faults.length < FAULTS_MAX) this.faults.push(event);
    this.recording.add('did', event.atUs, { what: `${event.fault} ${event.detail}` });
  };

  readonly faultStep = (step: 'swap' | 'unplug', detail: string, work: () => Promise<void>): Promise<void> =>
    this.recording.step({ nowUs: this.options.nowUs, step, detail }, work);

  /** A chunk of the line, before faults. */
  chunk(direction: 'fromBoard' | 'toBoard', bytes: Uint8Array, atUs: number): void {
    this.bytes[direction] += bytes.length;
    this.#hash.update(`${direction}${atUs}`).update(bytes);
  }

  /** Where the bridge's rings end. */
  readonly handlers: RingHandlers = {
    frame: (frame) => this.#frame(frame),
    miss: (miss) => {
      const { board: _, verdict, culprit, ...rest } = miss;
      this.misses.push({ ...rest, verdict: verdicts[verdict]!, culprit: culprits[culprit]! });
    },
    health: (health) => this.#health(health),
    text: (text) => {
      this.texts.push(text);
    },
    lost: (slots, ring) => {
      throw new Error(`the trace lost ${slots} slots of the ${ring} ring: the test process was too slow to record`);
    },
  };

  #frame(frame: FrameRecord): void {
    if (this.frames.length >= FRAMES_MAX) {
      throw new Error(`the trace holds ${FRAMES_MAX} frames, and takes no more: split the test`);
    }
    const { board: _, verdict, culprit, values, count, ...rest } = frame;
    this.frames.push({
      ...rest,
      verdict: verdicts[verdict]!,
      culprit: culprits[culprit]!,
      values: Array.from(values.subarray(0, count)),
    });
  }

  #health(health: HealthRecord): void {
    const { board: _, link, arm, tripCause, encoding, ...rest } = health;
    this.healths.push({
      ...rest,
      link: linkStates[link]!,
      arm: armStateNames[arm]!,
      tripCause: tripCauseNames[tripCause]!,
      encoding: encodingNames[encoding]!,
    });
  }
}
