import { Cursor } from './cursor.js';
import type { Ring } from './ring.js';
import { SHIPMENT_HEADER_BYTES, SHIPMENT_SLOTS_MAX, writeShipmentHeader } from './shipment.js';
import { SLOT_BYTES, slotHead } from './slot.js';

/** Takes what is new in both rings, in shipments. The rings are its queue: what it does not take in time is lost, and seen to be. */
export class Shipper {
  readonly #bytes = new Uint8Array(SHIPMENT_HEADER_BYTES + SHIPMENT_SLOTS_MAX * SLOT_BYTES);
  readonly #feed: Cursor;
  readonly #events: Cursor;
  /** Where the next record goes. */
  #at = SHIPMENT_HEADER_BYTES;

  /** @param clock of the bridge: monotonic, and the UTC of a monotonic instant */
  constructor(
    private readonly feed: Ring,
    private readonly events: Ring,
    cursors: { readonly feed: number; readonly events: number },
    private readonly epoch: string,
    private readonly clock: { nowUs(): number; utcUs(monotonicUs: number): number },
  ) {
    this.#feed = new Cursor(feed, cursors.feed, this.#copy);
    this.#events = new Cursor(events, cursors.events, this.#copy);
  }

  /** @returns the next shipment, valid until the next call; undefined when nothing is new */
  take(): Uint8Array | undefined {
    this.#at = SHIPMENT_HEADER_BYTES;
    const [feedFrom, feedSlots] = this.#takeFrom(this.#feed);
    // An event comes after the frames before it: while frames are left, it waits.
    const isAllFrames = this.#feed.offset === this.#feed.headOffset();
    const [eventsFrom, eventsSlots] = isAllFrames ? this.#takeFrom(this.#events) : [this.#events.offset, 0];
    if (feedSlots + eventsSlots === 0) return undefined;
    const sentUs = this.clock.nowUs();
    writeShipmentHeader(this.#bytes, {
      epoch: this.epoch,
      sentUs,
      sentUtcUs: this.clock.utcUs(sentUs),
      feedFrom,
      eventsFrom,
      feedSlots,
      eventsSlots,
      feedRing: this.feed.slots,
      eventsRing: this.events.slots,
    });
    return this.#bytes.subarray(0, this.#at);
  }

  /** Records that follow each other without a hole, as many as fit. @returns offset of the first slot, and how many */
  #takeFrom(cursor: Cursor): [from: number, slots: number] {
    let from = cursor.offset;
    let slots = 0;
    while (cursor.copyNext()) {
      if (slots === 0) from = cursor.offset;
      // It was overtaken: what follows the hole is for the next shipment.
      else if (cursor.offset !== from + slots) break;
      if (this.#at >= this.#bytes.length) break;
      const record = 1 + this.#bytes[this.#at + slotHead.continuations]!;
      if (this.#at + record * SLOT_BYTES > this.#bytes.length) break;
      this.#at += record * SLOT_BYTES;
      slots += record;
      cursor.advance();
    }
    return [slots === 0 ? cursor.offset : from, slots];
  }

  /** What does not fit is copied again for the next shipment; that it does not, its first slot tells. */
  readonly #copy = (ring: Ring, slot: number): void => {
    const record = 1 + ring.u8[slot * SLOT_BYTES + slotHead.continuations]!;
    for (let i = 0, from = slot, to = this.#at; i < record && to < this.#bytes.length; i++) {
      const end = Math.min(to + SLOT_BYTES, this.#bytes.length);
      this.#bytes.set(ring.u8.subarray(from * SLOT_BYTES, from * SLOT_BYTES + end - to), to);
      from = ring.slotAfter(from);
      to += SLOT_BYTES;
    }
  };
}
