/** One direction of a line with faults on it. Pure: bytes and times go in, the bytes that still arrive come out, in order. */
import type { SeededRandom } from '../board/emulated/random.js';
import { sameRate, sampleCharacter } from '../board/emulated/serial-line.js';

export const damages = ['drop', 'flip', 'duplicate', 'insert', 'burst'] as const;
export type Damage = (typeof damages)[number];

/** Bytes that were hit, by fault. `cut` and `overflowed` never arrived; `split` counts pieces. */
export type FaultCounters = Record<
  Damage | 'split' | 'cut' | 'stalled' | 'throttled' | 'garbled' | 'misframed' | 'overflowed',
  number
>;

interface Active {
  readonly kind: Damage;
  readonly probability: number;
  left: number;
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly dueUs: number;
}

/** What a line's driver would keep; beyond, bytes are lost, and counted. */
const QUEUED_BYTES_MAX = 64 * 1024;
/** A slow line hands over what has come in so long. */
const THROTTLE_STEP_US = 1000;
const EMPTY = new Uint8Array(0);

export class FaultLane {
  isCut = false;
  heldUntilUs = Number.NEGATIVE_INFINITY;
  /** 0: as fast as it comes. */
  bytesPerSecond = 0;
  /** Of the receiver's bits, as a fraction of the sender's: 0.05 is 5 % too fast. */
  drift: (nowUs: number) => number = () => 0;
  /** How often the next chunks come in two, and how far apart. */
  splits = { left: 0, apartUs: 0 };
  readonly #active: Active[] = [];
  readonly #queue: Piece[] = [];
  #queuedBytes = 0;
  #newestDueUs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly random: SeededRandom,
    private readonly counters: FaultCounters,
  ) {}

  add(kind: Damage, probability: number, bytes: number): void {
    this.#active.push({ kind, probability, left: bytes });
  }

  /** Ends all faults; what was held arrives next. */
  clear(): void {
    this.isCut = false;
    this.heldUntilUs = Number.NEGATIVE_INFINITY;
    this.bytesPerSecond = 0;
    this.drift = () => 0;
    this.splits.left = 0;
    this.#active.length = 0;
    this.#newestDueUs = Number.NEGATIVE_INFINITY;
    this.#queue.forEach(({ bytes }, i) => {
      this.#queue[i] = { bytes, dueUs: Number.NEGATIVE_INFINITY };
    });
  }

  /** @returns what of these bytes arrives now; the same array when nothing is wrong */
  pass(bytes: Uint8Array, nowUs: number): Uint8Array {
    if (this.isCut) {
      this.counters.cut += bytes.length;
      return EMPTY;
    }
    const damaged = this.#garble(this.#active.length === 0 ? bytes : this.#damage(bytes), nowUs);
    const isWaited = this.#queue.length > 0 || nowUs < this.heldUntilUs;
    if (this.bytesPerSecond > 0) {
      this.#throttle(damaged, nowUs);
      return EMPTY;
    }
    if (this.splits.left > 0 && damaged.length > 1) return this.#split(damaged, nowUs, isWaited);
    if (!isWaited) return damaged;
    this.#put(damaged, nowUs, 'stalled');
    return EMPTY;
  }

  /** What was held and is due now; empty when there is nothing. */
  released(nowUs: number): Uint8Array {
    if (this.#queue.length === 0 || nowUs < this.heldUntilUs) return EMPTY;
    const later = this.#queue.findIndex(({ dueUs }) => dueUs > nowUs);
    const due = this.#queue.splice(0, later < 0 ? this.#queue.length : later);
    if (due.length === 0) return EMPTY;
    const bytes = Buffer.concat(due.map((piece) => piece.bytes));
    this.#queuedBytes -= bytes.length;
    return bytes;
  }

  #split(bytes: Uint8Array, nowUs: number, isWaited: boolean): Uint8Array {
    this.splits.left--;
    this.counters.split++;
    const at = 1 + (this.random.nextU32() % (bytes.length - 1));
    const head = bytes.slice(0, at);
    if (isWaited) this.#put(head, nowUs, 'stalled');
    this.#put(bytes.slice(at), nowUs + this.splits.apartUs, null);
    return isWaited ? EMPTY : head;
  }

  #throttle(bytes: Uint8Array, nowUs: number): void {
    const perStep = Math.max(1, Math.round((this.bytesPerSecond * THROTTLE_STEP_US) / 1e6));
    for (let at = 0; at < bytes.length; at += perStep) {
      const piece = bytes.slice(at, at + perStep);
      const startUs = Math.max(nowUs, this.#newestDueUs);
      this.#put(piece, startUs + (piece.length / this.bytesPerSecond) * 1e6, 'throttled');
    }
  }

  /** Never overtakes what waits already. */
  #put(bytes: Uint8Array, wantedUs: number, counter: 'stalled' | 'throttled' | null): void {
    const kept = bytes.slice(0, Math.max(0, QUEUED_BYTES_MAX - this.#queuedBytes));
    this.counters.overflowed += bytes.length - kept.length;
    if (kept.length === 0) return;
    const dueUs = Math.max(wantedUs, this.#queue.length > 0 ? this.#newestDueUs : Number.NEGATIVE_INFINITY);
    this.#newestDueUs = dueUs;
    this.#queue.push({ bytes: kept, dueUs });
    this.#queuedBytes += kept.length;
    if (counter !== null) this.counters[counter] += kept.length;
  }

  #damage(bytes: Uint8Array): Uint8Array {
    const out: number[] = [];
    for (const byte of bytes) {
      const hit = this.#active.find((fault) => this.#isHit(fault));
      if (hit === undefined) {
        out.push(byte);
        continue;
      }
      this.counters[hit.kind]++;
      if (--hit.left <= 0) this.#active.splice(this.#active.indexOf(hit), 1);
      if (hit.kind === 'duplicate') out.push(byte, byte);
      else if (hit.kind === 'insert') out.push(this.random.nextU32() >>> 24, byte);
      else if (hit.kind === 'flip') out.push(byte ^ (1 << (this.random.nextU32() >>> 29)));
      else if (hit.kind === 'burst') out.push(this.random.nextU32() >>> 24);
    }
    return Uint8Array.from(out);
  }

  /** What a receiver makes of characters whose bits are not of its length: others, or none where the stop bit is missing. */
  #garble(bytes: Uint8Array, nowUs: number): Uint8Array {
    const receiverBit = 1 / (1 + this.drift(nowUs));
    if (sameRate(1, receiverBit)) return bytes;
    const out: number[] = [];
    for (const sent of bytes) {
      const { byte, framingError } = sampleCharacter(sent, 1, receiverBit);
      if (framingError) this.counters.misframed++;
      else out.push(byte);
      if (byte !== sent) this.counters.garbled++;
    }
    return Uint8Array.from(out);
  }

  #isHit({ probability }: Active): boolean {
    return probability === 1 || this.random.nextU32() < probability * 2 ** 32;
  }
}
