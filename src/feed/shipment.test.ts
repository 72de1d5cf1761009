import fc from 'fast-check';
import { expect, test } from 'vitest';
import { monotonicUs, utcUs } from '../host-clock.js';
import { createMissRecord } from './events.js';
import { Feed } from './feed.js';
import { createFrameRecord } from './frame.js';
import { readShipmentHeader, SHIPMENT_HEADER_BYTES, SHIPMENT_SLOTS_MAX } from './shipment.js';
import { Shipper } from './shipper.js';
import { frameSlots, SLOT_BYTES, slotHead, slotKinds } from './slot.js';

const clock = { nowUs: monotonicUs, utcUs };

function source() {
  const feed = Feed.create({ slotsPerSecond: 1000, seconds: 1 });
  const cursors = { feed: feed.frames.offset, events: feed.events.offset };
  const shipper = new Shipper(feed.frames.ring, feed.events.ring, cursors, '00c0ffee', clock);
  const frame = createFrameRecord();
  const frames = (count: number, signals = 4) => {
    for (let i = 0; i < count; i++) {
      frame.count = signals;
      feed.frame(0, frame, frame);
    }
  };
  return { feed, shipper, frames };
}

test('nothing new is no shipment', () => {
  const { shipper, frames } = source();
  expect(shipper.take()).toBeUndefined();
  frames(1);
  expect(shipper.take()).toBeDefined();
  expect(shipper.take()).toBeUndefined();
});

test('what is new in both rings goes in one, under its offsets', () => {
  const { feed, shipper, frames } = source();
  frames(3);
  feed.miss(createMissRecord());
  shipper.take();
  frames(2, 64);
  feed.text({ type: 'log', board: null, level: 'info', text: 'x'.repeat(1000), utcUs: 0 });
  const shipment = shipper.take()!;
  expect(readShipmentHeader(shipment)).toMatchObject({
    epoch: '00c0ffee',
    feedFrom: 3,
    feedSlots: 2 * frameSlots(64),
    eventsFrom: 1,
    eventsSlots: 5,
    feedRing: feed.frames.ring.slots,
    eventsRing: feed.events.ring.slots,
  });
});

test('more than fits goes in several, and no frame goes before an event that was there when it came', () => {
  const { feed, shipper, frames } = source();
  const events: number[] = [];
  for (let i = 0; i < 10; i++) {
    frames(30, 64);
    events.push(feed.frames.offset);
    feed.miss(createMissRecord());
  }
  const headers = [];
  for (let shipment = shipper.take(); shipment !== undefined; shipment = shipper.take())
    headers.push(readShipmentHeader(shipment)!);
  expect(headers.length).toBeGreaterThan(2);
  for (const [i, header] of headers.entries()) {
    expect(header.feedSlots).toBeLessThanOrEqual(SHIPMENT_SLOTS_MAX);
    expect(header.feedFrom).toBe(headers.slice(0, i).reduce((sum, { feedSlots }) => sum + feedSlots, 0));
    const end = header.feedFrom + header.feedSlots;
    expect(header.eventsFrom + header.eventsSlots).toBe(events.filter((feedOffset) => feedOffset <= end).length);
  }
  expect(headers.reduce((sum, { feedSlots }) => sum + feedSlots, 0)).toBe(300 * frameSlots(64));
});

test('a long text between frames that fill a shipment waits for the next one, and the frames behind it wait, too', () => {
  const { feed, shipper, frames } = source();
  frames(300);
  feed.text({ type: 'log', board: null, level: 'info', text: 'x'.repeat(3900), utcUs: 0 });
  feed.text({
    type: 'board',
    index: 0,
    id: 'x',
    path: 'y'.repeat(60_000),
    descriptor: null,
    boot: '00000000',
    contracts: {},
  });
  frames(10);
  const headers = Array.from({ length: 3 }, () => {
    const shipment = shipper.take();
    return shipment && readShipmentHeader(shipment);
  });
  expect(headers[0]).toMatchObject({ feedFrom: 0, feedSlots: 300 });
  expect(headers[0]!.eventsSlots).toBeLessThan(100);
  expect(headers[1]).toMatchObject({ feedFrom: 300, feedSlots: 10 });
  expect(headers[1]!.eventsSlots).toBeGreaterThan(200);
  expect(headers[2]).toBeUndefined();
});

test('who is overtaken by the ring goes on at a record, and the hole shows by the offsets', () => {
  const { feed, shipper, frames } = source();
  frames(2);
  const { slots } = feed.frames.ring;
  frames(slots * 2, 30);
  let next = 0;
  let lost = 0;
  for (let shipment = shipper.take(); shipment !== undefined; shipment = shipper.take()) {
    const header = readShipmentHeader(shipment);
    expect(header).toBeDefined();
    lost += header!.feedFrom - next;
    next = header!.feedFrom + header!.feedSlots;
  }
  expect(next).toBe(feed.frames.offset);
  expect(shipper.lostSlots).toBe(lost);
  expect(lost).toBeGreaterThan(slots);
});

test('while nothing is taken, what is overwritten is left behind and counted', () => {
  const { feed, shipper, frames } = source();
  for (let i = 0; i < 5; i++) {
    frames(feed.frames.ring.slots);
    shipper.keepUp();
  }
  const { lostSlots } = shipper;
  expect(lostSlots).toBeGreaterThan(feed.frames.ring.slots * 3);
  expect(readShipmentHeader(shipper.take()!)!.feedFrom).toBe(lostSlots);
  expect(shipper.lostSlots).toBe(lostSlots);
});

test('whatever bytes come, they are a shipment or they are not', () => {
  const { shipper, frames } = source();
  frames(3, 30);
  const good = shipper.take()!.slice();
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }))), fc.nat(), (edits, cut) => {
      const bytes = good.slice(0, good.length - (cut % 3 === 0 ? cut % 300 : 0));
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      const header = readShipmentHeader(bytes);
      if (header === undefined) return;
      expect(bytes.length).toBe(SHIPMENT_HEADER_BYTES + (header.feedSlots + header.eventsSlots) * SLOT_BYTES);
    }),
  );
  expect(readShipmentHeader(new Uint8Array(10))).toBeUndefined();
  expect(readShipmentHeader(Uint8Array.from(good).fill(2, 0, 1))).toBeUndefined();
  // The rest of a record without its beginning.
  const torn = good.slice();
  torn[SHIPMENT_HEADER_BYTES + slotHead.kind] = slotKinds.continuation;
  expect(readShipmentHeader(torn)).toBeUndefined();
  expect(readShipmentHeader(good)).toBeDefined();
});
