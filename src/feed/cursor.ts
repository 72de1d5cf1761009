/**
 * Where one reader is in a ring. It copies a record first and asks afterwards whether the producer may have been
 * writing there meanwhile.
 *
 * When that can be: the producer publishes `head` and then writes up to `recordSlotsMax` slots beyond it before it
 * publishes again. A slot of offset `o` is written again as `o + slots`. So as long as a head loaded *after* the copy
 * says head + recordSlotsMax <= o + slots, that is head - o <= slots - recordSlotsMax = `ring.window`, nobody touched
 * the copied slots. The window is smaller than the ring by the largest record: a check against `slots` alone would
 * accept a record that is just under construction.
 */
import { cursorAt, lostAt, type Ring } from './ring.js';
import { SLOT_BYTES, slotHead, slotKinds } from './slot.js';

/** Copies the record that begins in this slot. What it sees may be torn: it must stay in bounds and must not judge. */
export type CopyRecord = (ring: Ring, slot: number, kind: number) => void;
/** The slots `fromOffset` <= offset < `toOffset` were overwritten before they were read. */
export type OnLost = (slots: number, fromOffset: number, toOffset: number) => void;

/** After being overtaken: this far ahead of the oldest slot, twice as far each time until the reader has caught up once. */
const HEADSTART_SLOTS = 64;

export class Cursor {
  /** Slots that were lost to this cursor. */
  lostSlots = 0;
  readonly #ring: Ring;
  readonly #copy: CopyRecord;
  readonly #onLost: OnLost;
  readonly #consumer: number;
  /** The cursor that others see: in the ring for a consumer, else of its own. */
  readonly #shared: Int32Array;
  readonly #sharedAt: number;
  #offset: number;
  /** Length of the record that `copyNext` copied. */
  #slots = 0;
  #lostFrom = -1;
  #headstart: number;

  /** @param consumer number in the ring whose shared cursor this is; -1 for a private one. */
  constructor(ring: Ring, offset: number, copy: CopyRecord, onLost: OnLost = () => {}, consumer = -1) {
    this.#ring = ring;
    this.#copy = copy;
    this.#onLost = onLost;
    this.#consumer = consumer;
    this.#shared = consumer < 0 ? new Int32Array(new SharedArrayBuffer(4)) : ring.control;
    this.#sharedAt = consumer < 0 ? 0 : cursorAt(consumer);
    this.#offset = Math.max(offset, ring.firstOffset);
    this.#headstart = Math.min(HEADSTART_SLOTS, ring.window >> 1);
    this.store();
  }

  /** Offset of the record that `copyNext` copied or will copy. */
  get offset(): number {
    return this.#offset;
  }

  /** The ring's head as an offset. */
  headOffset(): number {
    return this.#ring.headOffset(this.#offset);
  }

  /** Makes the cursor visible to the supervisor: everything before it was handled. */
  store(): void {
    Atomics.store(this.#shared, this.#sharedAt, this.#offset | 0);
  }

  /**
   * Copies the record at the cursor, whole, without moving on; skips what was overwritten.
   * @returns false when there is none.
   */
  copyNext(): boolean {
    const ring = this.#ring;
    for (;;) {
      const behind = (ring.head() - (this.#offset | 0)) | 0;
      if (behind <= 0) return this.#caughtUp();
      if (behind > ring.window) {
        this.#skip(behind);
        continue;
      }
      const slot = this.#offset & ring.mask;
      const kind = ring.u8[slot * SLOT_BYTES + slotHead.kind]!;
      const slots = 1 + ring.u8[slot * SLOT_BYTES + slotHead.continuations]!;
      const isLost = kind === slotKinds.lost;
      const isRecord = kind !== slotKinds.continuation && !isLost;
      if (isRecord) this.#copy(ring, slot, kind);
      if (!this.isWhole()) continue;
      if (isRecord) {
        this.#slots = slots;
        if (this.#lostFrom >= 0) this.#reportLoss();
        return true;
      }
      if (isLost && this.#lostFrom < 0) this.#lostFrom = this.#offset;
      this.#offset++; // the rest of a record whose beginning is gone, or what never came
    }
  }

  /** The copied record was handled: on to the next. Others see it with the next copy, or with `store`. */
  advance(): void {
    this.#offset += this.#slots;
    this.#slots = 0;
  }

  /**
   * Whether the slots at the cursor were untouched up to now. The store before the load is a fence: without one a
   * processor with weak ordering may load the head first and the copied slots after it.
   */
  protected isWhole(): boolean {
    this.store();
    return ((this.#ring.head() - (this.#offset | 0)) | 0) <= this.#ring.window;
  }

  #caughtUp(): false {
    this.#headstart = Math.min(HEADSTART_SLOTS, this.#ring.window >> 1);
    if (this.#lostFrom >= 0) this.#reportLoss();
    return false;
  }

  #skip(behind: number): void {
    if (this.#lostFrom < 0) this.#lostFrom = this.#offset;
    this.#offset += behind - this.#ring.window + this.#headstart;
    this.#headstart = Math.min(this.#headstart * 2, this.#ring.window >> 1);
  }

  /** Only now is it known at which record reading goes on. */
  #reportLoss(): void {
    const from = this.#lostFrom;
    const slots = this.#offset - from;
    this.#lostFrom = -1;
    this.lostSlots += slots;
    if (this.#consumer >= 0) Atomics.add(this.#ring.control, lostAt(this.#consumer), slots | 0);
    this.#onLost(slots, from, this.#offset);
  }
}
