/**
 * What the rings hold, as it goes to other machines: whole records, slot by slot as they stand in memory, under the
 * offsets that they have here. Who takes all shipments has the same feed; who misses one sees it by its offset.
 *
 * Little-endian. Header, 64 bytes:
 *   u8 version = 1 · u8[3] 0 · u32 epoch · f64 sentUs · f64 sentUtcUs · f64 feedFrom · f64 eventsFrom ·
 *   u32 feedSlots · u32 eventsSlots · u32 feedRing · u32 eventsRing · u32[2] 0
 * then the slots of the feed, then those of the events ring, of 256 bytes each. `…Ring`: how many slots the ring has.
 */
import { SLOT_BYTES, slotHead, slotKinds } from './slot.js';

export const SHIPMENT_VERSION = 1;
export const SHIPMENT_HEADER_BYTES = 64;
/** Of both rings together. A text may take 256; and some brokers take no packet over 128 KiB. */
export const SHIPMENT_SLOTS_MAX = 448;

/** Within what `Date` can take. */
const TIME_US_MAX = 4e18;

export interface ShipmentHeader {
  /** Run of the bridge, 8 hex digits. */
  readonly epoch: string;
  /** Monotonic clock of the bridge when it was sent. */
  readonly sentUs: number;
  /** UTC of the bridge at the same instant. */
  readonly sentUtcUs: number;
  /** Offsets of the first slots. */
  readonly feedFrom: number;
  readonly eventsFrom: number;
  readonly feedSlots: number;
  readonly eventsSlots: number;
  /** Slots of the bridge's rings. */
  readonly feedRing: number;
  readonly eventsRing: number;
}

export function writeShipmentHeader(to: Uint8Array, header: ShipmentHeader): void {
  const view = new DataView(to.buffer, to.byteOffset, SHIPMENT_HEADER_BYTES);
  view.setUint32(0, SHIPMENT_VERSION, true);
  view.setUint32(4, Number.parseInt(header.epoch, 16), true);
  view.setFloat64(8, header.sentUs, true);
  view.setFloat64(16, header.sentUtcUs, true);
  view.setFloat64(24, header.feedFrom, true);
  view.setFloat64(32, header.eventsFrom, true);
  view.setUint32(40, header.feedSlots, true);
  view.setUint32(44, header.eventsSlots, true);
  view.setUint32(48, header.feedRing, true);
  view.setUint32(52, header.eventsRing, true);
  view.setFloat64(56, 0, true);
}

/** @returns undefined when it is none: another version, lengths or offsets that cannot be, records that are not whole */
export function readShipmentHeader(from: Uint8Array): ShipmentHeader | undefined {
  if (from.length < SHIPMENT_HEADER_BYTES) return undefined;
  const view = new DataView(from.buffer, from.byteOffset, SHIPMENT_HEADER_BYTES);
  if (view.getUint32(0, true) !== SHIPMENT_VERSION) return undefined;
  const header: ShipmentHeader = {
    epoch: view.getUint32(4, true).toString(16).padStart(8, '0'),
    sentUs: view.getFloat64(8, true),
    sentUtcUs: view.getFloat64(16, true),
    feedFrom: view.getFloat64(24, true),
    eventsFrom: view.getFloat64(32, true),
    feedSlots: view.getUint32(40, true),
    eventsSlots: view.getUint32(44, true),
    feedRing: view.getUint32(48, true),
    eventsRing: view.getUint32(52, true),
  };
  const { feedFrom, eventsFrom, feedSlots, eventsSlots, sentUs, sentUtcUs } = header;
  const isSound =
    from.length === SHIPMENT_HEADER_BYTES + (feedSlots + eventsSlots) * SLOT_BYTES &&
    [feedFrom, eventsFrom].every((offset) => Number.isSafeInteger(offset) && offset >= 0) &&
    Math.abs(sentUs) < TIME_US_MAX &&
    Math.abs(sentUtcUs) < TIME_US_MAX &&
    isWhole(from, SHIPMENT_HEADER_BYTES, feedSlots) &&
    isWhole(from, SHIPMENT_HEADER_BYTES + feedSlots * SLOT_BYTES, eventsSlots);
  return isSound ? header : undefined;
}

/** Whether so many slots are records from end to end. */
function isWhole(bytes: Uint8Array, at: number, slots: number): boolean {
  let left = slots;
  while (left > 0) {
    if (bytes[at + slotHead.kind] === slotKinds.continuation) return false;
    const record = 1 + bytes[at + slotHead.continuations]!;
    for (let i = 1; i < Math.min(record, left); i++)
      if (bytes[at + i * SLOT_BYTES + slotHead.kind] !== slotKinds.continuation) return false;
    at += record * SLOT_BYTES;
    left -= record;
  }
  return left === 0;
}
