// biome-ignore-all lint/suspicious/noExplicitAny: records are compared field by field, whatever they are.
import { EventEmitter } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createHealthRecord, createMissRecord, createStatsRecord } from '../feed/events.js';
import { Feed } from '../feed/feed.js';
import { createFrameRecord } from '../feed/frame.js';
import { readRings } from '../feed/outlet-reader.js';
import { lostAt } from '../feed/ring.js';
import { readShipmentHeader, SHIPMENT_HEADER_BYTES } from '../feed/shipment.js';
import { Shipper } from '../feed/shipper.js';
import { frameSlot, SLOT_BYTES, slotHead, slotKinds } from '../feed/slot.js';
import { descriptor } from '../gateway/testing/bench.js';
import type { OutletStart, TextEvent } from '../outlet.js';
import { Mirror } from './mirror.js';
import { parseSession } from './text-event.js';

/** The bridge's monotonic clock is behind ours by this much, and the way takes no time. */
const BEHIND_US = 1e9;
const UTC_US = 1.7e15;

/** A reader of these rings, and everything that it has got, in order. */
function readerOf(feed: Feed, from: { readonly feed: number; readonly events: number }) {
  const got: any[] = [];
  const start = {
    consumer: 0,
    feed: feed.frames.ring.memory,
    events: feed.events.ring.memory,
    feedCursor: from.feed,
    eventsCursor: from.events,
  } as unknown as OutletStart;
  const plain = (record: any) =>
    Object.fromEntries(
      Object.entries(record).map(([name, value]) => [
        name,
        ArrayBuffer.isView(value) ? Array.from(value as any) : value,
      ]),
    );
  const handlers = {
    frame: (frame: any, offset: number) =>
      got.push({ kind: 'frame', offset, ...plain({ ...frame, values: frame.values.slice(0, frame.count) }) }),
    miss: (miss: any) => got.push({ kind: 'miss', ...plain(miss) }),
    stats: (stats: any) => got.push({ kind: 'stats', ...plain(stats) }),
    health: (health: any) => got.push({ kind: 'health', ...plain(health) }),
    text: (text: any) => got.push({ kind: 'text', ...text }),
    lost: (_slots: number, ring: string, fromOffset: number, toOffset: number) =>
      got.push({ kind: 'lost', ring, fromOffset, toOffset }),
  };
  const reader = readRings(start, handlers, new EventEmitter() as unknown as MessagePort);
  return { got, reader };
}

function readAll(feed: Feed, from: { readonly feed: number; readonly events: number }): any[] {
  const { got, reader } = readerOf(feed, from);
  reader.drain();
  reader.close();
  return got;
}

/** What a worker gets that looks at every moment at which there is something new. */
function readAtOnce(feed: Feed): any[] {
  const { got, reader } = readerOf(feed, { feed: feed.frames.offset, events: feed.events.offset });
  for (const producer of [feed.frames, feed.events]) {
    const publish = producer.publish.bind(producer);
    producer.publish = (slots) => {
      publish(slots);
      reader.drain();
    };
  }
  return got;
}

const timed: Readonly<Record<string, readonly string[]>> = {
  frame: ['releaseHostUs', 'arrivalUs', 'judgedUs'],
  miss: ['fromUs', 'toUs'],
  stats: ['newestReleaseHostUs', 'judgedUs'],
  health: ['sinceUs', 'writtenUs'],
};
/** The same record on our clock. */
const onOurClock = (record: any) => ({
  ...record,
  ...Object.fromEntries((timed[record.kind] ?? []).map((name) => [name, record[name] + BEHIND_US])),
});

let source: Feed;
let shipper: Shipper;
let seq = 0;
let boots = 1;
const nowUs = () => 5e6 + seq * 1000;

beforeEach(() => {
  seq = 0;
  source = Feed.create({ slotsPerSecond: 1000, seconds: 1 });
  const clock = { nowUs, utcUs: (us: number) => UTC_US + us };
  shipper = new Shipper(source.frames.ring, source.events.ring, { feed: 0, events: 0 }, '00c0ffee', clock);
});

function frame(more: object = {}): void {
  const record = createFrameRecord();
  const atUs = nowUs();
  const times = { releaseHostUs: atUs - 900, arrivalUs: atUs - 100, judgedUs: atUs };
  Object.assign(
    record,
    { stream: 1, boot: 42, count: 4, seq: seq++, releaseUs: seq * 1000, ...times, latenessUs: -9000 },
    more,
  );
  for (let i = 0; i < record.count; i++) record.values[i] = seq + i / 10;
  source.frame(3, record, record);
}
const miss = () =>
  source.miss(
    Object.assign(createMissRecord(), { board: 3, stream: 1, firstSeq: seq, fromUs: nowUs() - 10, toUs: nowUs() }),
  );
const health = () =>
  source.health(Object.assign(createHealthRecord(), { board: 3, sinceUs: 17, writtenUs: nowUs(), offsetUs: 4 }));
const stats = () =>
  source.stats(
    Object.assign(createStatsRecord(), { board: 3, stream: 1, judgedUs: nowUs(), newestReleaseHostUs: nowUs() - 9 }),
  );
const log = (text: string) => source.text({ type: 'log', board: 'pico', level: 'info', text, utcUs: 5 });
const board = (boot: string) =>
  source.text({ type: 'board', index: 3, id: 'pico', path: '/dev/x', descriptor, boot, contracts: {} });

const shipments = (): Uint8Array[] => {
  const all: Uint8Array[] = [];
  for (let next = shipper.take(); next !== undefined; next = shipper.take()) all.push(next.slice());
  return all;
};
const take = (mirror: Mirror, bytes: Uint8Array) => {
  const header = readShipmentHeader(bytes)!;
  return mirror.take(header, bytes, header.sentUs + BEHIND_US);
};

test('a reader of the copy gets what a reader of the bridge gets: the same records, offsets and order, on our clock', () => {
  const parts = [
    () => frame(),
    () => frame({ count: 60 }),
    miss,
    health,
    stats,
    () => log('x'.repeat(700)),
    () => board((boots++).toString(16).padStart(8, '0')),
  ];
  fc.assert(
    fc.property(fc.array(fc.nat({ max: parts.length }), { maxLength: 600 }), (script) => {
      const from = { feed: source.frames.offset, events: source.events.offset };
      let mirror: Mirror | undefined;
      let got: any[] = [];
      const ship = () => {
        for (const bytes of shipments()) {
          if (mirror === undefined) {
            mirror = new Mirror(readShipmentHeader(bytes)!);
            got = readAtOnce(mirror.feed);
          }
          expect(take(mirror, bytes)).toBe('taken');
        }
      };
      for (const part of script) {
        if (part < parts.length) parts[part]!();
        else ship();
      }
      ship();
      if (mirror === undefined) return;
      expect(got).toEqual(readAll(source, from).map(onOurClock));
      expect({ lost: mirror.lost, malformed: mirror.malformed, repeated: mirror.repeated }).toEqual({
        lost: { feed: 0, events: 0 },
        malformed: 0,
        repeated: 0,
      });
    }),
    { numRuns: 60 },
  );
});

test('what is lost on the way is told to every reader, with its offsets, and the rest keeps its own', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.boolean()), { minLength: 2, maxLength: 30 }),
      (chunks) => {
        let mirror: Mirror | undefined;
        let begin = 0;
        const came: number[] = [];
        for (const [count, isLost] of chunks) {
          const from = source.frames.offset;
          for (let i = 0; i < count; i++) frame();
          const [bytes] = shipments();
          if (isLost) continue;
          if (mirror === undefined) {
            mirror = new Mirror(readShipmentHeader(bytes!)!);
            begin = from;
          }
          take(mirror, bytes!);
          for (let i = 0; i < count; i++) came.push(from + i);
        }
        if (mirror === undefined) return;
        const got = readAll(mirror.feed, { feed: begin, events: 0 });
        expect(got.filter(({ kind }) => kind === 'frame').map(({ offset }) => offset)).toEqual(came);
        const told = got
          .filter(({ kind }) => kind === 'lost')
          .flatMap(({ fromOffset, toOffset }) =>
            Array.from({ length: toOffset - fromOffset }, (_, i) => fromOffset + i),
          );
        expect([...told, ...came].sort((a, b) => a - b)).toEqual(
          Array.from({ length: mirror.feed.frames.offset - begin }, (_, i) => begin + i),
        );
        expect(mirror.lost.feed).toBe(told.length);
      },
    ),
  );
});

describe('a shipment', () => {
  test('of another run, or so far ahead that the ring holds nothing of what is between, does not continue this one', () => {
    frame();
    const [bytes] = shipments();
    const header = readShipmentHeader(bytes!)!;
    const mirror = new Mirror(header);
    expect(mirror.continues(header)).toBe(true);
    expect(mirror.continues({ ...header, epoch: 'deadbeef' })).toBe(false);
    expect(mirror.continues({ ...header, feedFrom: header.feedFrom + header.feedRing })).toBe(false);
    expect(mirror.continues({ ...header, feedFrom: header.feedFrom + header.feedRing - 1 })).toBe(true);
    expect(mirror.continues({ ...header, eventsFrom: 2 ** 53 - 1 })).toBe(false);
  });

  test('that comes again changes nothing', () => {
    frame();
    miss();
    const [bytes] = shipments();
    const mirror = new Mirror(readShipmentHeader(bytes!)!);
    take(mirror, bytes!);
    take(mirror, bytes!);
    expect(mirror.repeated).toBe(1);
    expect([mirror.feed.frames.offset, mirror.feed.events.offset]).toEqual([1, 1]);
  });

  test('that begins before the end of the copy, as after a restart of the worker that ships: what is new in it is taken', () => {
    const clock = { nowUs, utcUs: (us: number) => UTC_US + us };
    const again = new Shipper(source.frames.ring, source.events.ring, { feed: 0, events: 0 }, '00c0ffee', clock);
    for (let i = 0; i < 5; i++) frame({ count: 30 });
    miss();
    const [first] = shipments();
    const mirror = new Mirror(readShipmentHeader(first!)!);
    const got = readAtOnce(mirror.feed);
    take(mirror, first!);
    for (let i = 0; i < 5; i++) frame({ count: 30 });
    log('x'.repeat(600));
    miss();
    expect(take(mirror, again.take()!.slice())).toBe('taken');
    expect(got).toEqual(readAll(source, { feed: 0, events: 0 }).map(onOurClock));
    expect({ lost: mirror.lost, malformed: mirror.malformed }).toEqual({ lost: { feed: 0, events: 0 }, malformed: 0 });
  });

  test('with times that are none is not believed', () => {
    frame({ releaseHostUs: 1e300 });
    frame();
    const [bytes] = shipments();
    const mirror = new Mirror(readShipmentHeader(bytes!)!);
    take(mirror, bytes!);
    expect(readAll(mirror.feed, { feed: 0, events: 0 }).map(({ kind }) => kind)).toEqual(['lost', 'frame']);
    expect(mirror.malformed).toBe(1);
  });

  test('after a loss of events says that what is believed of boards may be wrong', () => {
    miss();
    const [first] = shipments();
    miss();
    shipments();
    miss();
    const [third] = shipments();
    const mirror = new Mirror(readShipmentHeader(first!)!);
    expect(take(mirror, first!)).toBe('taken');
    expect(take(mirror, third!)).toBe('hole');
    expect(mirror.lost).toEqual({ feed: 0, events: 1 });
    // Every reader is told, as of frames: misses are in no topic that could be asked.
    expect(readAll(mirror.feed, { feed: 0, events: 0 }).map(({ kind, ring }) => [kind, ring])).toEqual([
      ['miss', undefined],
      ['lost', 'events'],
      ['miss', undefined],
    ]);
  });

  test.each([
    ['a kind that is none', slotHead.kind, 99],
    ['an event among the frames', slotHead.kind, slotKinds.miss],
    ['a board that there cannot be', slotHead.board, 200],
    ['more values than slots', frameSlot.signals, 60],
  ])('with a frame of %s: that one is lost, and the next is not', (_what, byte, value) => {
    frame();
    frame();
    const [bytes] = shipments();
    bytes![SHIPMENT_HEADER_BYTES + byte] = value;
    const mirror = new Mirror(readShipmentHeader(bytes!)!);
    take(mirror, bytes!);
    expect(mirror.malformed).toBe(1);
    expect(readAll(mirror.feed, { feed: 0, events: 0 })).toMatchObject([
      { kind: 'lost', fromOffset: 0, toOffset: 1 },
      { kind: 'frame', offset: 1 },
    ]);
  });

  test('with a text that is none: it is left out, and what follows is not', () => {
    source.text({ type: 'nonsense', text: '' } as unknown as TextEvent);
    log('good');
    const [bytes] = shipments();
    const mirror = new Mirror(readShipmentHeader(bytes!)!);
    take(mirror, bytes!);
    expect(mirror.malformed).toBe(1);
    expect(readAll(mirror.feed, { feed: 0, events: 0 })).toMatchObject([{ kind: 'text', text: 'good' }]);
  });

  test('with an event that waits for frames which never come: it does not', () => {
    miss();
    frame();
    const [bytes] = shipments();
    const view = new DataView(bytes!.buffer);
    view.setFloat64(SHIPMENT_HEADER_BYTES + SLOT_BYTES + 16, 1e9, true);
    const mirror = new Mirror(readShipmentHeader(bytes!)!);
    take(mirror, bytes!);
    expect(readAll(mirror.feed, { feed: 0, events: 0 }).map(({ kind }) => kind)).toEqual(['frame', 'miss']);
  });
});

test('what topics say of boards and alarms is told when it is news, beside what came in shipments', () => {
  board('0000002b');
  const [bytes] = shipments();
  const mirror = new Mirror(readShipmentHeader(bytes!)!);
  const got = readAtOnce(mirror.feed);
  take(mirror, bytes!);
  const told = { type: 'board', index: 3, id: 'pico', path: '/dev/x', descriptor, boot: '0000002b', contracts: {} };
  const session = (gone: string | null) => parseSession(JSON.stringify({ ...told, epoch: '00c0ffee', gone }))!;
  mirror.session(session(null));
  const alarm = { type: 'alarm', board: null, id: 'x', active: true, text: 'y', sinceUtcUs: 1 } as const;
  mirror.alarm(alarm);
  mirror.alarm(alarm);
  mirror.session(session('unplugged'));
  mirror.session(session('unplugged'));
  expect(got.map(({ type, id }) => [type, id])).toEqual([
    ['board', 'pico'],
    ['alarm', 'bridge-x'],
    ['board-gone', 'pico'],
  ]);
});

test('what a topic said before its shipment came is told once', () => {
  miss();
  const [first] = shipments();
  const mirror = new Mirror(readShipmentHeader(first!)!);
  const got = readAtOnce(mirror.feed);
  take(mirror, first!);
  const alarm = { type: 'alarm', board: 'pico', id: 'x', active: true, text: 'y', sinceUtcUs: 1 } as const;
  mirror.alarm(alarm);
  source.text(alarm);
  source.text({ ...alarm, active: false });
  for (const bytes of shipments()) take(mirror, bytes);
  expect(got.filter(({ kind }) => kind === 'text').map(({ active }) => active)).toEqual([true, false]);
});

test('the memory of a run that is over is taken for the next one, as if it were new', () => {
  for (let i = 0; i < 10; i++) frame();
  board('0000002b');
  const [bytes] = shipments();
  const header = readShipmentHeader(bytes!)!;
  const before = new Mirror(header);
  take(before, bytes!);
  for (const { ring } of [before.feed.frames, before.feed.events]) Atomics.store(ring.control, lostAt(0), 7);
  const after = new Mirror({ ...header, feedFrom: 500 }, before.feed);
  for (const { ring } of [after.feed.frames, after.feed.events]) expect(Atomics.load(ring.control, lostAt(0))).toBe(0);
  expect(after.feed.frames.ring.memory).toBe(before.feed.frames.ring.memory);
  expect([after.feed.frames.offset, after.feed.events.offset]).toEqual([500, 0]);
  expect(readAll(after.feed, { feed: 500, events: 0 })).toEqual([]);
  const larger = new Mirror({ ...header, feedRing: header.feedRing * 2 }, before.feed);
  expect(larger.feed.frames.ring.slots).toBe(header.feedRing * 2);
});

test('a worker that starts late finds the boards as they stand', () => {
  board('0000002b');
  const [bytes] = shipments();
  const mirror = new Mirror(readShipmentHeader(bytes!)!);
  take(mirror, bytes!);
  expect(mirror.feed.retained.latest()).toMatchObject([{ type: 'board', id: 'pico', boot: '0000002b' }]);
});
