/** Text events: JSON in UTF-8, over as many continuation slots as it takes. */
import type { TextEvent } from '../outlet.js';
import type { Producer, Ring } from './ring.js';
import {
  EVENT_FEED_OFFSET,
  SLOT_BYTES,
  SLOT_F64,
  SLOT_U32,
  slotHead,
  slotKinds,
  TEXT_BYTES_IN_CONTINUATION,
  TEXT_BYTES_IN_HEAD,
  TEXT_BYTES_MAX,
  textSlot,
} from './slot.js';

/** Longest text of a log line, an alarm or a reason; the rest is cut. */
export const TEXT_CHARACTERS_MAX = 4000;
const NO_BOARD = 255;

/** A text as it was copied out of the ring, before anybody knows whether the copy is whole. Reused. */
export class TextCopy {
  readonly #bytes = Buffer.alloc(TEXT_BYTES_MAX);
  #byteLength = 0;

  copy(ring: Ring, slot: number): void {
    const byteLength = Math.min(ring.u32[slot * SLOT_U32 + textSlot.byteLength / 4]!, TEXT_BYTES_MAX);
    this.#byteLength = byteLength;
    let from = slot * SLOT_BYTES + textSlot.bytes;
    let take = Math.min(byteLength, TEXT_BYTES_IN_HEAD);
    for (let done = 0; ; ) {
      this.#bytes.set(ring.u8.subarray(from, from + take), done);
      done += take;
      if (done >= byteLength) return;
      slot = ring.slotAfter(slot);
      from = slot * SLOT_BYTES + SLOT_BYTES - TEXT_BYTES_IN_CONTINUATION;
      take = Math.min(byteLength - done, TEXT_BYTES_IN_CONTINUATION);
    }
  }

  /** Only after the cursor has said that the copy is whole. */
  parse(): TextEvent {
    return JSON.parse(this.#bytes.toString('utf8', 0, this.#byteLength)) as TextEvent;
  }
}

/** The text in the slots of one record, outside of a ring. */
export function textIn(record: Uint8Array): string {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const byteLength = view.getUint32(textSlot.byteLength, true);
  const parts = [record.subarray(textSlot.bytes, SLOT_BYTES)];
  for (let at = SLOT_BYTES; at < record.length; at += SLOT_BYTES)
    parts.push(record.subarray(at + SLOT_BYTES - TEXT_BYTES_IN_CONTINUATION, at + SLOT_BYTES));
  return Buffer.concat(parts).toString('utf8', 0, byteLength);
}

/** Slots that a text of so many bytes takes. */
export function textSlots(byteLength: number): number {
  return 1 + Math.ceil(Math.max(0, byteLength - TEXT_BYTES_IN_HEAD) / TEXT_BYTES_IN_CONTINUATION);
}

/** Publishes a text; one that is too long is cut. @returns whether it was cut. */
export function writeText(events: Producer, event: TextEvent, feedOffset: number): boolean {
  const bounded = boundText(event);
  let bytes = Buffer.from(JSON.stringify(bounded));
  let cut = bounded !== event;
  if (textSlots(bytes.length) > events.ring.recordSlotsMax || bytes.length > TEXT_BYTES_MAX) {
    cut = true;
    bytes = Buffer.from(JSON.stringify(tooLong(event, bytes.length)));
  }
  putText(events, bytes, event.type === 'board' || event.type === 'board-gone' ? event.index : NO_BOARD, feedOffset);
  return cut;
}

function putText(events: Producer, bytes: Buffer, board: number, feedOffset: number): void {
  const { ring } = events;
  const slots = textSlots(bytes.length);
  let slot = events.claim(slots);
  ring.u8[slot * SLOT_BYTES + slotHead.kind] = slotKinds.text;
  ring.u8[slot * SLOT_BYTES + slotHead.continuations] = slots - 1;
  ring.u8[slot * SLOT_BYTES + slotHead.board] = board;
  ring.u8[slot * SLOT_BYTES + slotHead.stream] = 0;
  ring.u32[slot * SLOT_U32 + textSlot.byteLength / 4] = bytes.length;
  ring.f64[slot * SLOT_F64 + EVENT_FEED_OFFSET] = feedOffset;
  ring.u8.set(bytes.subarray(0, TEXT_BYTES_IN_HEAD), slot * SLOT_BYTES + textSlot.bytes);
  for (let done = TEXT_BYTES_IN_HEAD; done < bytes.length; done += TEXT_BYTES_IN_CONTINUATION) {
    slot = ring.slotAfter(slot);
    ring.u8[slot * SLOT_BYTES + slotHead.kind] = slotKinds.continuation;
    const to = slot * SLOT_BYTES + SLOT_BYTES - TEXT_BYTES_IN_CONTINUATION;
    ring.u8.set(bytes.subarray(done, done + TEXT_BYTES_IN_CONTINUATION), to);
  }
  events.publish(slots);
}

function boundText(event: TextEvent): TextEvent {
  // Bounded by who writes them: names of a descriptor, and of a client.
  if (event.type === 'board' || event.type === 'delivery-miss') return event;
  if (event.type === 'board-gone')
    return event.reason.length <= TEXT_CHARACTERS_MAX ? event : { ...event, reason: cutTo(event.reason) };
  return event.text.length <= TEXT_CHARACTERS_MAX ? event : { ...event, text: cutTo(event.text) };
}

function cutTo(text: string): string {
  return `${text.slice(0, TEXT_CHARACTERS_MAX)}… (${text.length - TEXT_CHARACTERS_MAX} characters cut)`;
}

/** A board whose description fits no record; the protocol's limits keep a real one far below. */
function tooLong(event: TextEvent, byteLength: number): TextEvent {
  const id = 'id' in event ? event.id.slice(0, 64) : '';
  const text = `${event.type} ${id}: ${byteLength} bytes do not fit a record of ${TEXT_BYTES_MAX}: not published`;
  return { type: 'log', board: null, level: 'error', text, utcUs: 'utcUs' in event ? event.utcUs : 0 };
}
