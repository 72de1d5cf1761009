/**
 * The shared-memory ring: one producer, many consumers, fixed slots. The producer never waits and never looks at a
 * consumer's cursor; a consumer that was overtaken notices by itself (`cursor.ts`).
 *
 * Offsets count slots since the ring began and never wrap (f64, exact to 2^53). In memory stand only their low 32 bits,
 * because an i32 is what can be stored and loaded at once without an allocation. They are always compared by their
 * difference, so everybody must look at the ring at least once per 2^31 slots (24 days at 1 kHz).
 */
import { SLOT_BYTES } from './slot.js';

const CACHE_LINE_I32 = 16;
const MAGIC = 0x7a71_0001 | 0;
const MAGIC_AT = 0;
const SLOTS_AT = 1;
const RECORD_SLOTS_AT = 2;
const FIRST_OFFSET_F64_AT = 2;
/** Alone on its cache line: the producer writes it for every record. */
const HEAD_AT = CACHE_LINE_I32;

export const CONSUMERS_MAX = 16;
const HEADER_BYTES = 4096;
export const RING_BYTES_MAX = 256 * 1024 * 1024;
const SLOTS_MAX = RING_BYTES_MAX / SLOT_BYTES;
const SLOTS_MIN = 1024;

/**
 * State of a consumer, in shared memory. The producer turns `parked` into `running`, and only then sends a wake-up;
 * `dozing` too, but for events only: such a consumer looks for frames by itself, in its own time.
 */
export const consumerStates = { detached: 0, parked: 1, running: 2, dozing: 3 } as const;

/** The state of a consumer is polled by the producer after each chunk, so it doesn't share a line with the cursor. */
export const stateAt = (consumer: number): number => CACHE_LINE_I32 * (2 + 2 * consumer);
/** Written by the consumer for every record; the next word counts the slots that it lost. */
export const cursorAt = (consumer: number): number => CACHE_LINE_I32 * (3 + 2 * consumer);
export const lostAt = (consumer: number): number => cursorAt(consumer) + 1;

export interface RingOptions {
  /** A power of two. */
  readonly slots: number;
  /** Most slots of one record. The producer writes them before it publishes them, so that much of the ring is never safe to read. */
  readonly recordSlotsMax: number;
  /**
   * Whether to take all of its memory at once, which is the default: otherwise the first lap takes page faults on the hot
   * path, and memory seems to leak. Not for a ring of which most is seldom written.
   */
  readonly isTouched?: boolean;
  /** Offset of the first record: for copies of another ring, and tests of the wrap. */
  readonly firstOffset?: number;
  /** Of a ring that nobody uses any more; taken when it has the right size. */
  readonly memory?: SharedArrayBuffer | undefined;
}

/** Views of a ring's memory; every thread that uses the ring makes its own. */
export class Ring {
  readonly slots: number;
  readonly mask: number;
  readonly recordSlotsMax: number;
  readonly firstOffset: number;
  readonly control: Int32Array;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;

  /** @throws Error when the memory doesn't hold a ring of this layout. */
  constructor(readonly memory: SharedArrayBuffer) {
    this.control = new Int32Array(memory, 0, HEADER_BYTES / 4);
    if (this.control[MAGIC_AT] !== MAGIC) throw new Error(`not a ring: its first word is ${this.control[MAGIC_AT]}`);
    this.slots = this.control[SLOTS_AT]!;
    this.mask = this.slots - 1;
    this.recordSlotsMax = this.control[RECORD_SLOTS_AT]!;
    this.firstOffset = new Float64Array(memory, 0, FIRST_OFFSET_F64_AT + 1)[FIRST_OFFSET_F64_AT]!;
    const bytes = this.slots * SLOT_BYTES;
    this.u8 = new Uint8Array(memory, HEADER_BYTES, bytes);
    this.u16 = new Uint16Array(memory, HEADER_BYTES, bytes / 2);
    this.u32 = new Uint32Array(memory, HEADER_BYTES, bytes / 4);
    this.f64 = new Float64Array(memory, HEADER_BYTES, bytes / 8);
  }

  /** @throws RangeError when the sizes can't make a ring. */
  static create({ slots, recordSlotsMax, isTouched = true, firstOffset = 0, memory: old }: RingOptions): Ring {
    if (slots < 2 || slots > SLOTS_MAX || (slots & (slots - 1)) !== 0)
      throw new RangeError(`a ring has a power of two of slots, 2 to ${SLOTS_MAX}, not ${slots}`);
    if (recordSlotsMax < 1 || recordSlotsMax > slots / 2)
      throw new RangeError(`a record takes 1 to ${slots / 2} slots of a ring of ${slots}, not ${recordSlotsMax}`);
    const bytes = HEADER_BYTES + slots * SLOT_BYTES;
    const isOld = old?.byteLength === bytes;
    const memory = isOld ? old : new SharedArrayBuffer(bytes);
    if (isTouched || isOld) new Uint8Array(memory).fill(0);
    const control = new Int32Array(memory);
    new Float64Array(memory)[FIRST_OFFSET_F64_AT] = firstOffset;
    control[SLOTS_AT] = slots;
    control[RECORD_SLOTS_AT] = recordSlotsMax;
    control[MAGIC_AT] = MAGIC;
    Atomics.store(control, HEAD_AT, firstOffset | 0);
    for (let consumer = 0; consumer < CONSUMERS_MAX; consumer++)
      Atomics.store(control, cursorAt(consumer), firstOffset | 0);
    return new Ring(memory);
  }

  /** How far a cursor may be behind the head so that its slot can't be under the producer's hand. */
  get window(): number {
    return this.slots - this.recordSlotsMax;
  }

  /** Low 32 bits of the offset that the next record gets. */
  head(): number {
    return Atomics.load(this.control, HEAD_AT);
  }

  /** The head as an offset, given any offset within 2^31 of it. */
  headOffset(nearOffset: number): number {
    return nearOffset + ((this.head() - (nearOffset | 0)) | 0);
  }

  /** Index of the slot after this one, round the end. */
  slotAfter(slot: number): number {
    return (slot + 1) & this.mask;
  }
}

/**
 * The one writer. `claim` slots, write them, `publish` them with one store; no allocation.
 *
 * The load in `claim` is a fence: on processors with weak ordering the writes of this record could otherwise become
 * visible before the head of the record before it, and a consumer's check would pass on a torn copy.
 */
export class Producer {
  readonly #control: Int32Array;
  readonly #mask: number;
  readonly #recordSlotsMax: number;
  /** In a cell, not a field: a field of a class may be boxed anew with each store. */
  readonly #offset: Float64Array;
  #claimed = 0;

  constructor(readonly ring: Ring) {
    this.#control = ring.control;
    this.#mask = ring.mask;
    this.#recordSlotsMax = ring.recordSlotsMax;
    this.#offset = Float64Array.of(ring.headOffset(ring.firstOffset));
  }

  /** Offset that the next record gets: one past the newest. */
  get offset(): number {
    return this.#offset[0]!;
  }

  /**
   * Index of the first of so many slots. Until `publish` nobody reads them as this record; those who still read what
   * was there a lap ago find out.
   * @throws RangeError for more slots than the ring's largest record: consumers rely on that bound.
   */
  claim(slots: number): number {
    if (slots > this.#recordSlotsMax) throw new RangeError(`record of ${slots} slots, at most ${this.#recordSlotsMax}`);
    this.#claimed = slots;
    return Atomics.load(this.#control, HEAD_AT) & this.#mask;
  }

  /** Makes the claimed slots visible, all at once. */
  publish(slots: number): void {
    if (slots !== this.#claimed) throw new RangeError(`published ${slots} slots, claimed ${this.#claimed}`);
    this.#claimed = 0;
    const offset = this.#offset[0]! + slots;
    this.#offset[0] = offset;
    Atomics.store(this.#control, HEAD_AT, offset | 0);
  }
}

/** Slots for so many seconds of so many slots a second: the next power of two, from 1024 slots to 256 MiB. */
export function ringSlots(slotsPerSecond: number, seconds: number): number {
  const wanted = Math.min(Math.max(slotsPerSecond * seconds, SLOTS_MIN), SLOTS_MAX);
  return 2 ** Math.ceil(Math.log2(wanted));
}
