import { Cursor } from './cursor.js';
import type { Ring } from './ring.js';
import { SHIPMENT_HEADER_BYTES, SHIPMENT_SLOTS_MAX, writeShipmentHeader } from './shipment.js';
import { EVENT_FEED_OFFSET, SLOT_BYTES, SLOT_F64, slotHead } from './slot.js';

/** Whole records of one ring, that follow each other without a hole. */
class Part {
  /** One slot more than ever goes: the head of what does not fit is looked at. */
  readonly bytes = new Uint8Array((SHIPMENT_SLOTS_MAX + 1) * SLOT_BYTES);
  readonly cursor: Cursor;
  /** Slots that were overwritten before they were taken. */
  lostSlots = 0;
  from = 0;
  slots = 0;

  constructor(ring: Ring, offset: number) {
    this.cursor = new Cursor(ring, offset, this.#copy, (slots) => {
      this.lostSlots += slots;
    });
  }

  begin(): void {
    this.slots = 0;
    this.from = this.cursor.offset;
  }

  /** Copies the next record behind those that are taken. @returns whether there is one that follows them */
  look(): boolean {
    if (!this.cursor.copyNext()) return false;
    if (this.slots === 0) this.from = this.cursor.offset;
    // It was overtaken: what follows the hole is for the next shipment.
    return this.cursor.offset === this.from + this.slots;
  }

  /** Of the record that was looked at, in slots. */
  get length(): number {
    return 1 + this.bytes[this.slots * SLOT_BYTES + slotHead.continuations]!;
  }

  /** Of the event that was looked at. */
  get feedOffset(): number {
    return new Float64Array(this.bytes.buffer, this.slots * SLOT_BYTES, SLOT_F64)[EVENT_FEED_OFFSET]!;
  }

  take(): void {
    this.slots += this.length;
    this.cursor.advance();
  }

  get taken(): Uint8Array {
    return this.bytes.subarray(0, this.slots * SLOT_BYTES);
  }

  /** What does not fit is copied again for the next shipment; that it does not, its first slot tells. */
  readonly #copy = (ring: Ring, slot: number): void => {
    const record = 1 + ring.u8[slot * SLOT_BYTES + slotHead.continuations]!;
    for (let i = 0, from = slot, to = this.slots * SLOT_BYTES; i < record && to < this.bytes.length; i++) {
      this.bytes.set(ring.u8.subarray(from * SLOT_BYTES, (from + 1) * SLOT_BYTES), to);
      from = ring.slotAfter(from);
      to += SLOT_BYTES;
    }
  };
}

/** Takes what is new in both rings, in shipments. The rings are its queue: what it does not take in time is lost, and counted. */
export class Shipper {
  readonly #bytes = new Uint8Array(SHIPMENT_HEADER_BYTES + SHIPMENT_SLOTS_MAX * SLOT_BYTES);
  readonly #feed: Part;
  readonly #events: Part;

  /** @param clock of the bridge: monotonic, and the UTC of a monotonic instant */
  constructor(
    private readonly feed: Ring,
    private readonly events: Ring,
    cursors: { readonly feed: number; readonly events: number },
    private readonly epoch: string,
    private readonly clock: { nowUs(): number; utcUs(monotonicUs: number): number },
  ) {
    this.#feed = new Part(feed, cursors.feed);
    this.#events = new Part(events, cursors.events);
  }

  /** Slots of both rings that were overwritten before they were taken. */
  get lostSlots(): number {
    return this.#feed.lostSlots + this.#events.lostSlots;
  }

  /**
   * Leaves what was overwritten meanwhile, and counts it. While nothing is taken it must be called now and then: a cursor
   * that nobody moves for 2^31 slots is lost.
   */
  keepUp(): void {
    this.#feed.cursor.copyNext();
    this.#events.cursor.copyNext();
  }

  /** @returns the next shipment, valid until the next call; undefined when nothing is new */
  take(): Uint8Array | undefined {
    this.#fill();
    const { from: feedFrom, slots: feedSlots, taken: frames } = this.#feed;
    const { from: eventsFrom, slots: eventsSlots, taken: events } = this.#events;
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
    this.#bytes.set(frames, SHIPMENT_HEADER_BYTES);
    this.#bytes.set(events, SHIPMENT_HEADER_BYTES + frames.length);
    return this.#bytes.subarray(0, SHIPMENT_HEADER_BYTES + frames.length + events.length);
  }

  /** In the order in which both were written: no frame goes before an event that was there when it came. */
  #fill(): void {
    const feed = this.#feed;
    const events = this.#events;
    feed.begin();
    events.begin();
    for (;;) {
      // First of all: a frame that comes after this may come after an event that is not seen yet.
      const head = feed.cursor.headOffset();
      const isEvent = events.look();
      const limit = isEvent ? events.feedOffset : head;
      while (feed.cursor.offset < limit && feed.look() && feed.cursor.offset < limit) {
        if (feed.slots + events.slots + feed.length > SHIPMENT_SLOTS_MAX) return;
        feed.take();
      }
      // A hole in the feed ends the shipment. What is before the event, and nowhere any more, does not hold it up.
      if (!isEvent || feed.cursor.offset < Math.min(limit, head)) return;
      if (feed.slots + events.slots + events.length > SHIPMENT_SLOTS_MAX) return;
      events.take();
    }
  }
}
