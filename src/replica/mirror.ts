/**
 * A feed that is a copy of another machine's: the same records under the same offsets, with their times on our clock.
 * What did not come stands there as lost, so that every reader is told.
 */
import { Feed } from '../feed/feed.js';
import { FRAME_SLOTS_MAX } from '../feed/frame.js';
import type { Producer } from '../feed/ring.js';
import { Ring } from '../feed/ring.js';
import { SHIPMENT_HEADER_BYTES, type ShipmentHeader } from '../feed/shipment.js';
import {
  EVENT_FEED_OFFSET,
  frameSlot,
  frameSlots,
  healthSlot,
  missSlot,
  SLOT_BYTES,
  SLOT_F64,
  slotHead,
  slotKinds,
  statsSlot,
  TEXT_SLOTS_MAX,
} from '../feed/slot.js';
import { textIn } from '../feed/text.js';
import type { TextEvent } from '../outlet.js';
import { RemoteClock } from './remote-clock.js';
import { parseTextEvent } from './text-event.js';

const RING_SLOTS_MIN = 1024;
const RING_SLOTS_MAX = 2 ** 20;
const SIGNALS_MAX = 64;
const BRIDGE_BOARD = 255;
const BOARDS_MAX = 64;

/** Fields on the host's monotonic clock, by kind. */
const times: Readonly<Record<number, readonly number[]>> = {
  [slotKinds.frame]: [frameSlot.f64.releaseHostUs, frameSlot.f64.arrivalUs, frameSlot.f64.judgedUs],
  [slotKinds.miss]: [missSlot.f64.fromUs, missSlot.f64.toUs],
  [slotKinds.stats]: [statsSlot.f64.newestReleaseHostUs, statsSlot.f64.judgedUs],
  [slotKinds.health]: [healthSlot.f64.sinceUs, healthSlot.f64.writtenUs],
};
const eventKinds: readonly number[] = [slotKinds.miss, slotKinds.stats, slotKinds.health, slotKinds.text];

export class Mirror {
  readonly clock = new RemoteClock();
  readonly feed: Feed;
  readonly epoch: string;
  /** Slots that did not come. */
  readonly lost = { feed: 0, events: 0 };
  /** Records that cannot be what they say. */
  malformed = 0;
  /** Shipments that came again, or late. */
  repeated = 0;
  /** The bridge's offset of the next event; the events have offsets of their own here, for this machine has some, too. */
  #eventsNext: number;

  /** Begins where this shipment does. */
  constructor(header: ShipmentHeader) {
    this.epoch = header.epoch;
    this.#eventsNext = header.eventsFrom;
    const { feedFrom: firstOffset } = header;
    this.feed = new Feed(
      Ring.create({ slots: ringSlots(header.feedRing), recordSlotsMax: FRAME_SLOTS_MAX, firstOffset }),
      Ring.create({ slots: ringSlots(header.eventsRing), recordSlotsMax: TEXT_SLOTS_MAX, isTouched: false }),
    );
  }

  /** Whether this shipment goes on where the feed ends, or near enough: another run of the bridge does not, nor does a hole as large as the ring. */
  continues({ epoch, feedFrom }: ShipmentHeader): boolean {
    return epoch === this.epoch && feedFrom - this.feed.frames.offset < this.feed.frames.ring.slots;
  }

  /**
   * One that `continues`.
   * @returns whether events were lost on the way: what is believed of boards and alarms may be wrong
   */
  take(header: ShipmentHeader, bytes: Uint8Array, receivedUs: number): boolean {
    this.clock.take(header.sentUs, header.sentUtcUs, receivedUs);
    const feedHole = header.feedFrom - this.feed.frames.offset;
    const eventsHole = header.eventsFrom - this.#eventsNext;
    if (feedHole < 0 || eventsHole < 0) {
      this.repeated++;
      return false;
    }
    this.#lose(feedHole);
    this.lost.events += eventsHole;
    const eventsAt = SHIPMENT_HEADER_BYTES + header.feedSlots * SLOT_BYTES;
    for (let at = SHIPMENT_HEADER_BYTES; at < eventsAt; ) at += this.#frame(bytes, at);
    for (let at = eventsAt; at < bytes.length; ) at += this.#event(bytes, at);
    this.#eventsNext = header.eventsFrom + header.eventsSlots;
    this.feed.wakeParked();
    return eventsHole > 0;
  }

  #lose(slots: number): void {
    this.lost.feed += slots;
    this.feed.lose(slots);
  }

  /** @returns bytes of the record */
  #frame(bytes: Uint8Array, at: number): number {
    const slots = 1 + bytes[at + slotHead.continuations]!;
    const signals = bytes[at + frameSlot.signals]!;
    const isFrame =
      bytes[at + slotHead.kind] === slotKinds.frame &&
      bytes[at + slotHead.board]! < BOARDS_MAX &&
      signals <= SIGNALS_MAX &&
      slots === frameSlots(signals);
    if (isFrame) this.#put(this.feed.frames, bytes, at, slots);
    else {
      this.malformed++;
      this.#lose(slots);
    }
    return slots * SLOT_BYTES;
  }

  #event(bytes: Uint8Array, at: number): number {
    const slots = 1 + bytes[at + slotHead.continuations]!;
    const kind = bytes[at + slotHead.kind]!;
    const board = bytes[at + slotHead.board]!;
    const record = bytes.subarray(at, at + slots * SLOT_BYTES);
    const isText = kind === slotKinds.text;
    const text = isText ? parseTextEvent(textIn(record)) : undefined;
    const isSound =
      eventKinds.includes(kind) &&
      (board < BOARDS_MAX || board === BRIDGE_BOARD) &&
      (isText ? text !== undefined : slots === 1);
    if (!isSound) this.malformed++;
    else {
      // What comes after frames that will never be would hold up all that follows.
      const view = new DataView(record.buffer, record.byteOffset, SLOT_BYTES);
      const feedOffset = Math.min(view.getFloat64(EVENT_FEED_OFFSET * 8, true), this.feed.frames.offset);
      if (text !== undefined) this.feed.text(named(text), feedOffset);
      else this.#put(this.feed.events, bytes, at, slots, feedOffset);
    }
    return record.length;
  }

  #put(producer: Producer, bytes: Uint8Array, at: number, slots: number, feedOffset?: number): void {
    const { ring } = producer;
    const first = producer.claim(slots);
    for (let i = 0, slot = first; i < slots; i++, slot = ring.slotAfter(slot))
      ring.u8.set(bytes.subarray(at + i * SLOT_BYTES, at + (i + 1) * SLOT_BYTES), slot * SLOT_BYTES);
    const { offsetUs } = this.clock;
    for (const field of times[bytes[at + slotHead.kind]!]!) ring.f64[first * SLOT_F64 + field]! += offsetUs;
    if (feedOffset !== undefined) ring.f64[first * SLOT_F64 + EVENT_FEED_OFFSET] = feedOffset;
    producer.publish(slots);
  }
}

/** What the bridge says of itself is not this gateway's. */
const named = (text: TextEvent): TextEvent =>
  text.type === 'log' && text.board === null ? { ...text, text: `bridge: ${text.text}` } : text;

/** As large as the bridge's, when that can be. */
function ringSlots(wanted: number): number {
  return 2 ** Math.ceil(Math.log2(Math.min(Math.max(wanted, RING_SLOTS_MIN), RING_SLOTS_MAX)));
}
