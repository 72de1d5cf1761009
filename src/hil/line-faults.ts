/**
 * Damages a serial line on purpose: the same faults in virtual time and between two pseudo-terminals. Pure: bytes and
 * times go in, the bytes that still arrive come out. The same seed and the same bytes give the same damage.
 */
import { SeededRandom } from '../board/emulated/random.js';

export type Direction = 'fromBoard' | 'toBoard';

export interface FaultOptions {
  /** Default `fromBoard`. */
  readonly direction?: Direction;
  /** How many bytes are hit; default 1, and without end when `probability` is given. */
  readonly bytes?: number;
  /** Chance of each byte to be hit; default 1, which hits the next ones. */
  readonly probability?: number;
}

type Kind = 'drop' | 'flip' | 'duplicate' | 'insert' | 'burst';

interface Active {
  readonly kind: Kind;
  readonly probability: number;
  left: number;
}

interface Lane {
  readonly active: Active[];
  isCut: boolean;
  heldUntilUs: number;
  held: Uint8Array[];
  heldBytes: number;
}

/** What a line's driver would keep; beyond, a stall loses bytes, and counts them. */
const HELD_BYTES_MAX = 64 * 1024;
const EMPTY = new Uint8Array(0);

export class LineFaults {
  /** Bytes that were hit, by fault; `cut` and `overflowed` never arrived. */
  readonly counters = { drop: 0, flip: 0, duplicate: 0, insert: 0, burst: 0, cut: 0, stalled: 0, overflowed: 0 };
  readonly #random: SeededRandom;
  readonly #lanes: Readonly<Record<Direction, Lane>> = { fromBoard: newLane(), toBoard: newLane() };
  readonly #nowUs: () => number;

  /** @param nowUs the clock that stalls are timed by */
  constructor(seed: number, nowUs: () => number) {
    this.#random = new SeededRandom(seed);
    this.#nowUs = nowUs;
  }

  /** Bytes vanish. */
  drop(options: FaultOptions = {}): void {
    this.#add('drop', options);
  }

  /** One bit of a byte is inverted. */
  flip(options: FaultOptions = {}): void {
    this.#add('flip', options);
  }

  /** A byte comes twice. */
  duplicate(options: FaultOptions = {}): void {
    this.#add('duplicate', options);
  }

  /** A byte that nobody sent comes before one that somebody did. */
  insert(options: FaultOptions = {}): void {
    this.#add('insert', options);
  }

  /** The next `bytes` bytes (default 8) are noise. */
  burst({ bytes = 8, ...options }: FaultOptions = {}): void {
    this.#add('burst', { ...options, bytes });
  }

  /** Holds what comes for `ms`; then it arrives at once. */
  stall(ms: number, direction: Direction = 'fromBoard'): void {
    const lane = this.#lanes[direction];
    lane.heldUntilUs = Math.max(lane.heldUntilUs, this.#nowUs() + ms * 1e3);
  }

  /** Nothing passes in this direction until `mend`: with one direction, a half-open link. */
  cut(direction: Direction): void {
    this.#lanes[direction].isCut = true;
  }

  mend(direction: Direction): void {
    this.#lanes[direction].isCut = false;
  }

  /** Ends all faults; what was held arrives next. */
  clear(): void {
    for (const lane of Object.values(this.#lanes)) {
      lane.active.length = 0;
      lane.isCut = false;
      lane.heldUntilUs = Number.NEGATIVE_INFINITY;
    }
  }

  /** @returns what of these bytes arrives now; the same array when nothing is wrong */
  pass(direction: Direction, bytes: Uint8Array): Uint8Array {
    const lane = this.#lanes[direction];
    if (lane.isCut) {
      this.counters.cut += bytes.length;
      return EMPTY;
    }
    const damaged = lane.active.length === 0 ? bytes : this.#damage(lane, bytes);
    if (lane.held.length === 0 && this.#nowUs() >= lane.heldUntilUs) return damaged;
    this.#hold(lane, damaged);
    return EMPTY;
  }

  /** What a stall has held and now lets go; empty when there is nothing. Ask it before `pass`, and while nothing comes. */
  released(direction: Direction): Uint8Array {
    const lane = this.#lanes[direction];
    if (lane.held.length === 0 || this.#nowUs() < lane.heldUntilUs) return EMPTY;
    const bytes = Buffer.concat(lane.held);
    lane.held = [];
    lane.heldBytes = 0;
    return bytes;
  }

  #add(kind: Kind, { direction = 'fromBoard', bytes, probability = 1 }: FaultOptions): void {
    if (!(probability > 0 && probability <= 1)) {
      throw new RangeError(`${kind}: a probability of ${probability}; give one above 0, at most 1`);
    }
    const left = bytes ?? (probability < 1 ? Number.POSITIVE_INFINITY : 1);
    if (!(left >= 1)) throw new RangeError(`${kind}: ${bytes} bytes; give at least 1`);
    this.#lanes[direction].active.push({ kind, probability, left });
  }

  #hold(lane: Lane, bytes: Uint8Array): void {
    const kept = bytes.slice(0, Math.max(0, HELD_BYTES_MAX - lane.heldBytes));
    this.counters.overflowed += bytes.length - kept.length;
    if (kept.length === 0) return;
    lane.held.push(kept);
    lane.heldBytes += kept.length;
    this.counters.stalled += kept.length;
  }

  #damage(lane: Lane, bytes: Uint8Array): Uint8Array {
    const out: number[] = [];
    for (const byte of bytes) {
      const hit = lane.active.find((fault) => this.#isHit(fault));
      if (hit === undefined) {
        out.push(byte);
        continue;
      }
      this.counters[hit.kind]++;
      if (--hit.left <= 0) lane.active.splice(lane.active.indexOf(hit), 1);
      if (hit.kind === 'duplicate') out.push(byte, byte);
      else if (hit.kind === 'insert') out.push(this.#random.nextU32() >>> 24, byte);
      else if (hit.kind === 'flip') out.push(byte ^ (1 << (this.#random.nextU32() >>> 29)));
      else if (hit.kind === 'burst') out.push(this.#random.nextU32() >>> 24);
    }
    return Uint8Array.from(out);
  }

  #isHit({ probability }: Active): boolean {
    return probability === 1 || this.#random.nextU32() < probability * 2 ** 32;
  }
}

function newLane(): Lane {
  return { active: [], isCut: false, heldUntilUs: Number.NEGATIVE_INFINITY, held: [], heldBytes: 0 };
}
