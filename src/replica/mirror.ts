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
import { parseTextEvent, type Session } from './text-event.js';
import { type AlarmText, ofBridge, Told } from './told.js';

const RING_SLOTS_MIN = 1024;
const RING_SLOTS_MAX = 2 ** 20;
const SIGNALS_MAX = 64;
const BRIDGE_BOARD = 255;
const BOARDS_MAX = 64;

/** More slots than this that never came are no hole to be filled: the copy begins anew. */
const HOLE_SLOTS_MAX = 65_536;
/** Instants further from when they were sent than this are no instants of a bridge. */
const TIMES_US_MAX = 1e15;

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
  readonly #told = new Told();
  /** Slots that did not come. */
  readonly lost = { feed: 0, events: 0 };
  /** Records that cannot be what they say. */
  malformed = 0;
  /** Shipments of which everything was here. */
  repeated = 0;
  /** The bridge's offset of the next event; the events have offsets of their own here, for this machine has some, too. */
  #eventsNext: number;
  /** Of the shipment that is taken. */
  #sentUs = 0;

  /**
   * Begins where this shipment does.
   * @param memory of a feed that nobody uses any more, which is taken when it has the right size
   */
  constructor(header: ShipmentHeader, memory?: Feed) {
    this.epoch = header.epoch;
    this.#eventsNext = header.eventsFrom;
    const { feedFrom: firstOffset } = header;
    this.feed = new Feed(
      Ring.create({
        slots: ringSlots(header.feedRing),
        recordSlotsMax: FRAME_SLOTS_MAX,
        firstOffset,
        memory: memory?.frames.ring.memory,
      }),
      Ring.create({
        slots: ringSlots(header.eventsRing),
        recordSlotsMax: TEXT_SLOTS_MAX,
        isTouched: false,
        memory: memory?.events.ring.memory,
      }),
    );
  }

  /** Whether this shipment goes on where the copy ends, or near enough: another run of the bridge does not, nor does a hole as large as the ring. */
  continues({ epoch, feedFrom, eventsFrom }: ShipmentHeader): boolean {
    const holeMax = Math.min(this.feed.frames.ring.slots, HOLE_SLOTS_MAX);
    return (
      epoch === this.epoch &&
      feedFrom - this.feed.frames.offset < holeMax &&
      eventsFrom - this.#eventsNext < this.feed.events.ring.slots
    );
  }

  /**
   * One that `continues`: of what it has, what is not here yet.
   * @returns `repeated` when that is nothing; `hole` when events did not come, so that what is believed of boards and alarms may be wrong
   */
  take(header: ShipmentHeader, bytes: Uint8Array, receivedUs: number): 'taken' | 'repeated' | 'hole' {
    const { feedFrom, feedSlots, eventsFrom, eventsSlots } = header;
    const { frames } = this.feed;
    const feedEnd = feedFrom + feedSlots;
    const eventsEnd = eventsFrom + eventsSlots;
    if (feedEnd <= frames.offset && eventsEnd <= this.#eventsNext) {
      this.repeated++;
      return 'repeated';
    }
    this.clock.take(header.sentUs, header.sentUtcUs, receivedUs);
    this.#sentUs = header.sentUs;
    this.#lose(Math.max(0, feedFrom - frames.offset));
    const eventsHole = Math.max(0, eventsFrom - this.#eventsNext);
    this.lost.events += eventsHole;
    if (eventsHole > 0) this.feed.loseEvent();

    // In the order in which the bridge wrote them: no frame is to be seen before an event that was there when it came.
    const eventsAt = SHIPMENT_HEADER_BYTES + feedSlots * SLOT_BYTES;
    let frameAt = SHIPMENT_HEADER_BYTES;
    const framesTo = (offset: number) => {
      for (; frameAt < eventsAt; frameAt += this.#frame(bytes, frameAt, feedFrom))
        if (feedFrom + (frameAt - SHIPMENT_HEADER_BYTES) / SLOT_BYTES >= offset) return;
    };
    for (let at = eventsAt; at < bytes.length; ) {
      const record = bytes.subarray(at, at + (1 + bytes[at + slotHead.continuations]!) * SLOT_BYTES);
      const isNew = eventsFrom + (at - eventsAt) / SLOT_BYTES >= this.#eventsNext;
      at += record.length;
      if (!isNew) continue;
      // What comes after frames that will never be would hold up all that follows.
      const feedOffset = Math.min(
        new DataView(record.buffer, record.byteOffset).getFloat64(EVENT_FEED_OFFSET * 8, true),
        feedEnd,
      );
      framesTo(feedOffset);
      this.#event(record, Math.min(feedOffset, frames.offset));
    }
    framesTo(Number.POSITIVE_INFINITY);
    this.#eventsNext = Math.max(this.#eventsNext, eventsEnd);
    this.feed.wakeParked();
    return eventsHole > 0 ? 'hole' : 'taken';
  }

  /** What a topic says of a board: it is told when it is not what was told last. */
  session({ board, gone }: Session): void {
    this.#tell(this.#told.newsOf(board, gone));
  }

  /** The same of an alarm. */
  alarm(alarm: AlarmText): void {
    const ours = ofBridge(alarm);
    if (this.#told.isNews(ours)) this.#tell([ours]);
  }

  #tell(texts: readonly TextEvent[]): void {
    for (const text of texts) {
      this.#told.take(text);
      this.feed.text(text);
    }
    this.feed.wakeParked();
  }

  #lose(slots: number): void {
    this.lost.feed += slots;
    this.feed.lose(slots);
  }

  /** @returns bytes of the record */
  #frame(bytes: Uint8Array, at: number, feedFrom: number): number {
    const slots = 1 + bytes[at + slotHead.continuations]!;
    const record = bytes.subarray(at, at + slots * SLOT_BYTES);
    const offset = feedFrom + (at - SHIPMENT_HEADER_BYTES) / SLOT_BYTES;
    const here = this.feed.frames.offset;
    if (offset < here) {
      // Of one that is only half new, nothing can be made.
      this.#lose(Math.max(0, offset + slots - here));
      return record.length;
    }
    const signals = record[frameSlot.signals]!;
    const isFrame =
      record[slotHead.kind] === slotKinds.frame &&
      record[slotHead.board]! < BOARDS_MAX &&
      signals <= SIGNALS_MAX &&
      slots === frameSlots(signals) &&
      this.#areTimesSound(record);
    if (isFrame) this.#put(this.feed.frames, record);
    else {
      this.malformed++;
      this.#lose(slots);
    }
    return record.length;
  }

  #event(record: Uint8Array, feedOffset: number): void {
    const kind = record[slotHead.kind]!;
    const board = record[slotHead.board]!;
    const isSound = eventKinds.includes(kind) && (board < BOARDS_MAX || board === BRIDGE_BOARD);
    if (isSound && kind === slotKinds.text) {
      const text = parseTextEvent(textIn(record));
      if (text !== undefined) {
        const ours = ofBridge(text);
        // A topic may have said it already.
        if (this.#told.isAgain(ours)) return;
        this.#told.take(ours);
        this.feed.text(ours, feedOffset);
        return;
      }
    } else if (isSound && record.length === SLOT_BYTES && this.#areTimesSound(record)) {
      this.#put(this.feed.events, record, feedOffset);
      return;
    }
    this.malformed++;
  }

  /** NaN is a time that is not known. */
  #areTimesSound(record: Uint8Array): boolean {
    const view = new DataView(record.buffer, record.byteOffset);
    return times[record[slotHead.kind]!]!.every(
      (field) => !(Math.abs(view.getFloat64(field * 8, true) - this.#sentUs) > TIMES_US_MAX),
    );
  }

  #put(producer: Producer, record: Uint8Array, feedOffset?: number): void {
    const { ring } = producer;
    const slots = record.length / SLOT_BYTES;
    const first = producer.claim(slots);
    for (let i = 0, slot = first; i < slots; i++, slot = ring.slotAfter(slot))
      ring.u8.set(record.subarray(i * SLOT_BYTES, (i + 1) * SLOT_BYTES), slot * SLOT_BYTES);
    const { offsetUs } = this.clock;
    for (const field of times[record[slotHead.kind]!]!) ring.f64[first * SLOT_F64 + field]! += offsetUs;
    if (feedOffset !== undefined) ring.f64[first * SLOT_F64 + EVENT_FEED_OFFSET] = feedOffset;
    producer.publish(slots);
  }
}

/** As large as the bridge's, when that can be. */
function ringSlots(wanted: number): number {
  return 2 ** Math.ceil(Math.log2(Math.min(Math.max(wanted, RING_SLOTS_MIN), RING_SLOTS_MAX)));
}
