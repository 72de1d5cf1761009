/**
 * Damages a serial line on purpose: the same faults in virtual time, between two pseudo-terminals and in front of a real
 * port. The same seed and the same bytes give the same damage. What only some of them can do is theirs: `FaultBackEnd`.
 */
import { SeededRandom } from '../board/emulated/random.js';
import { type Damage, type FaultCounters, FaultLane } from './fault-lane.js';
import { type BackEnd, type Fault, notApplicable } from './fault-table.js';
import { checkNumber } from './terms.js';

export type Direction = 'fromBoard' | 'toBoard';
const directions = ['fromBoard', 'toBoard'] as const;

export interface FaultOptions {
  /** Default `fromBoard`. */
  readonly direction?: Direction;
  /** How many bytes are hit; default 1, and without end when `probability` is given. */
  readonly bytes?: number;
  /** Chance of each byte to be hit; default 1, which hits the next ones. */
  readonly probability?: number;
}

export interface SplitOptions {
  readonly direction?: Direction;
  /** How many chunks; default 1. */
  readonly chunks?: number;
  /** From the first part of a chunk to its second; default 1. */
  readonly apartMs?: number;
}

export interface BaudDriftOptions {
  /** The host's rate beyond the board's; a receiver bears about 4. */
  readonly percent: number;
  /** Until it is so far off; default at once. */
  readonly overMs?: number;
}

export interface ClockStepOptions {
  /** `utc`: the wall clock, as by NTP; `monotonic`: the clock that everything is judged by, as in a paused virtual machine. */
  readonly clock: 'utc' | 'monotonic';
  /** Only the wall clock goes back. */
  readonly ms: number;
}

/** What a back end does by itself. */
export interface FaultBackEnd {
  readonly kind: BackEnd;
  /** The hardware's own; without it characters are garbled as a receiver of that rate would. Fraction: 0.05 is 5 %. */
  baudDrift?(drift: (nowUs: number) => number): void;
  swap?(): Promise<void>;
  unplug?(ms: number): Promise<void>;
  clockStep?(step: ClockStepOptions): void;
}

export interface FaultEvent {
  /** Host monotonic. */
  readonly atUs: number;
  readonly fault: Fault | 'mend' | 'clear';
  readonly detail: string;
}

export interface LineFaultsOptions {
  readonly seed: number;
  /** The clock that stalls are timed by, host monotonic. */
  readonly nowUs: () => number;
  readonly backEnd: FaultBackEnd;
  /** Hears of every fault, when it is asked for. */
  readonly onFault?: (event: FaultEvent) => void;
  /** Does what takes time; for who writes down when it ended. */
  readonly step?: (step: 'swap' | 'unplug', detail: string, work: () => Promise<void>) => Promise<void>;
  /** Ends a test that asks for what is not applicable here; throws an Error by default. */
  readonly refuse?: (reason: string) => never;
}

export class LineFaults {
  readonly counters: FaultCounters = {
    drop: 0,
    flip: 0,
    duplicate: 0,
    insert: 0,
    burst: 0,
    split: 0,
    cut: 0,
    stalled: 0,
    throttled: 0,
    garbled: 0,
    misframed: 0,
    overflowed: 0,
  };
  readonly #options: LineFaultsOptions;
  readonly #lanes: Readonly<Record<Direction, FaultLane>>;

  constructor(options: LineFaultsOptions) {
    this.#options = options;
    const random = new SeededRandom(options.seed);
    const lane = () => new FaultLane(random, this.counters);
    this.#lanes = { fromBoard: lane(), toBoard: lane() };
  }

  /** Where the faults are made. */
  get backEnd(): BackEnd {
    return this.#options.backEnd.kind;
  }

  /** Bytes vanish. */
  drop(options: FaultOptions = {}): void {
    this.#damage('drop', options);
  }

  /** One bit of a byte is inverted. */
  flip(options: FaultOptions = {}): void {
    this.#damage('flip', options);
  }

  /** A byte comes twice. */
  duplicate(options: FaultOptions = {}): void {
    this.#damage('duplicate', options);
  }

  /** A byte that nobody sent comes before one that somebody did. */
  insert(options: FaultOptions = {}): void {
    this.#damage('insert', options);
  }

  /** The next `bytes` bytes (default 8) are noise. */
  burst({ bytes = 8, ...options }: FaultOptions = {}): void {
    this.#damage('burst', { ...options, bytes });
  }

  /** The next chunks come in two, cut at a random byte. */
  split({ direction = 'fromBoard', chunks = 1, apartMs = 1 }: SplitOptions = {}): void {
    if (!(chunks >= 1 && apartMs >= 0))
      throw new RangeError(`split: ${chunks} chunks, ${apartMs} ms apart; give 1 or more`);
    this.#begin('split', `${chunks} chunks ${apartMs} ms apart, ${direction}`);
    this.#lanes[direction].splits = { left: chunks, apartUs: apartMs * 1e3 };
  }

  /** Holds what comes for `ms`; then it arrives at once. */
  stall(ms: number, direction: Direction = 'fromBoard'): void {
    checkNumber('stall', ms, 'above 0');
    this.#begin('stall', `${ms} ms, ${direction}`);
    const lane = this.#lanes[direction];
    lane.heldUntilUs = Math.max(lane.heldUntilUs, this.#options.nowUs() + ms * 1e3);
  }

  /** Lets only so many bytes through, until `clear`; what waits is bounded, and what does not fit is lost. */
  throttle(bytesPerSecond: number, direction: Direction = 'fromBoard'): void {
    if (!(bytesPerSecond > 0))
      throw new RangeError(`throttle: ${bytesPerSecond} bytes/s; give more than 0, or clear()`);
    this.#begin('throttle', `${bytesPerSecond} bytes/s, ${direction}`);
    this.#lanes[direction].bytesPerSecond = bytesPerSecond;
  }

  /** Nothing passes in this direction until `mend`: with one direction, a half-open link. */
  cut(direction: Direction): void {
    this.#begin('cut', direction);
    this.#lanes[direction].isCut = true;
  }

  mend(direction: Direction): void {
    this.#tell('mend', direction);
    this.#lanes[direction].isCut = false;
  }

  /** The host's rate leaves the board's, in both directions, until `clear`. */
  baudDrift({ percent, overMs = 0 }: BaudDriftOptions): void {
    if (!(Math.abs(percent) <= 50)) throw new RangeError(`baudDrift: ${percent} %; give at most 50`);
    checkNumber('baudDrift: overMs', overMs, '0 or more');
    this.#begin('baudDrift', overMs > 0 ? `${percent} % over ${overMs} ms` : `${percent} %`);
    const fromUs = this.#options.nowUs();
    const share = (nowUs: number) => (overMs > 0 ? Math.min(1, (nowUs - fromUs) / (overMs * 1e3)) : 1);
    this.#drift((nowUs) => (percent / 100) * share(nowUs));
  }

  /** Pulls the line out of this board and puts it into another one that has just been powered on. */
  async swap(): Promise<void> {
    this.#begin('swap', '');
    await this.#step('swap', '', () => this.#options.backEnd.swap!());
  }

  /** The port disappears for `ms`; ends when it is back. */
  async unplug(ms: number): Promise<void> {
    checkNumber('unplug', ms, '0 or more');
    this.#begin('unplug', `${ms} ms`);
    await this.#step('unplug', `${ms} ms`, () => this.#options.backEnd.unplug!(ms));
  }

  /** A clock of the host jumps. */
  clockStep(step: ClockStepOptions): void {
    if (!Number.isFinite(step.ms)) throw new RangeError(`clockStep: ${step.ms} ms; give a finite number`);
    if (step.clock === 'monotonic' && !(step.ms >= 0))
      throw new RangeError(`clockStep: CLOCK_MONOTONIC never goes back`);
    this.#begin('clockStep', `${step.clock} ${step.ms} ms`);
    this.#options.backEnd.clockStep!(step);
  }

  /** Ends all faults; what was held arrives next. */
  clear(): void {
    this.#tell('clear', '');
    this.end();
  }

  /** As `clear`, after the test: nothing that it did. */
  end(): void {
    for (const lane of Object.values(this.#lanes)) lane.clear();
    this.#drift(() => 0);
  }

  /** @returns what of these bytes arrives now; the same array when nothing is wrong */
  pass(direction: Direction, bytes: Uint8Array): Uint8Array {
    return this.#lanes[direction].pass(bytes, this.#options.nowUs());
  }

  /** What was held and is now let go; empty when there is nothing. Ask it before `pass`, and while nothing comes. */
  released(direction: Direction): Uint8Array {
    return this.#lanes[direction].released(this.#options.nowUs());
  }

  #damage(kind: Damage, { direction = 'fromBoard', bytes, probability = 1 }: FaultOptions): void {
    if (!(probability > 0 && probability <= 1)) {
      throw new RangeError(`${kind}: a probability of ${probability}; give one above 0, at most 1`);
    }
    const left = bytes ?? (probability < 1 ? Number.POSITIVE_INFINITY : 1);
    if (!(left >= 1)) throw new RangeError(`${kind}: ${bytes} bytes; give at least 1`);
    this.#begin(
      kind,
      `${left === Number.POSITIVE_INFINITY ? `each byte with ${probability}` : `${left} bytes`}, ${direction}`,
    );
    this.#lanes[direction].add(kind, probability, left);
  }

  #drift(drift: (nowUs: number) => number): void {
    const { backEnd } = this.#options;
    if (backEnd.baudDrift !== undefined) backEnd.baudDrift(drift);
    else for (const direction of directions) this.#lanes[direction].drift = directed(drift, direction);
  }

  #step(step: 'swap' | 'unplug', detail: string, work: () => Promise<void>): Promise<void> {
    return this.#options.step?.(step, detail, work) ?? work();
  }

  #begin(fault: Fault, detail: string): void {
    const { backEnd, refuse = refused } = this.#options;
    const reason = notApplicable(fault, backEnd.kind);
    if (reason !== null) refuse(`${fault} on this line is ${reason}`);
    this.#tell(fault, detail);
  }

  #tell(fault: FaultEvent['fault'], detail: string): void {
    this.#options.onFault?.({ atUs: this.#options.nowUs(), fault, detail });
  }
}

/** A host that is too fast samples too early what the board sends, and sends what the board samples too late. */
const directed = (drift: (nowUs: number) => number, direction: Direction) => (nowUs: number) =>
  direction === 'fromBoard' ? drift(nowUs) : -drift(nowUs) / (1 + drift(nowUs));

function refused(reason: string): never {
  throw new Error(reason);
}
