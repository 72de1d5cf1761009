import { describe, expect, test } from 'vitest';
import type { TextEvent } from '../outlet.js';
import {
  createHealthRecord,
  createMissRecord,
  createStatsRecord,
  readHealth,
  readMiss,
  readStats,
  writeHealth,
  writeMiss,
  writeStats,
} from './events.js';
import { Producer, Ring } from './ring.js';
import { TEXT_BYTES_IN_CONTINUATION, TEXT_BYTES_IN_HEAD, TEXT_SLOTS_MAX } from './slot.js';
import { TEXT_CHARACTERS_MAX, TextCopy, textSlots, writeText } from './text.js';

const newRing = (firstOffset = 0) => Ring.create({ slots: 1024, recordSlotsMax: TEXT_SLOTS_MAX, firstOffset });

/** Every figure another one, every flag set: a field that is not written, or read from another's place, shows. */
function fill<T extends object>(record: T): T {
  let next = 1;
  for (const [name, value] of Object.entries(record)) {
    if (typeof value === 'boolean') Object.assign(record, { [name]: true });
    else if (typeof value === 'number') Object.assign(record, { [name]: next++ });
    else if (value instanceof Float64Array) for (let i = 0; i < value.length; i++) value[i] = 1000 + next++;
  }
  return record;
}

describe('events', () => {
  test('a miss reads as it was written, with the head of the feed', () => {
    const events = new Producer(newRing());
    const read = createMissRecord();
    writeMiss(events, fill(createMissRecord()), 77);
    readMiss(events.ring, 0, read);
    expect(read).toEqual({ ...fill(createMissRecord()), feedOffset: 77 });
  });

  test('stats read as they were written', () => {
    const events = new Producer(newRing());
    const read = createStatsRecord();
    writeStats(events, fill(createStatsRecord()), 77);
    readStats(events.ring, 0, read);
    expect(read).toEqual({ ...fill(createStatsRecord()), feedOffset: 77 });
  });

  test('health reads as it was written', () => {
    const events = new Producer(newRing());
    const read = createHealthRecord();
    writeHealth(events, fill(createHealthRecord()), 77);
    readHealth(events.ring, 0, read);
    expect(read).toEqual({ ...fill(createHealthRecord()), feedOffset: 77 });
  });

  test('what nobody knew stays NaN', () => {
    const events = new Producer(newRing());
    const read = fill(createMissRecord());
    writeMiss(events, createMissRecord(), 0);
    readMiss(events.ring, 0, read);
    expect(read).toEqual({ ...createMissRecord(), feedOffset: 0 });
    expect(read.latenessUs).toBeNaN();
  });
});

const log = (text: string): TextEvent => ({ type: 'log', board: null, level: 'info', text, utcUs: 1 });

function roundTrip(event: TextEvent, firstOffset = 0): { read: TextEvent; cut: boolean } {
  const ring = newRing(firstOffset);
  const cut = writeText(new Producer(ring), event, 0);
  const copy = new TextCopy();
  copy.copy(ring, firstOffset & ring.mask);
  return { read: copy.parse(), cut };
}

describe('text', () => {
  test.each([
    [TEXT_BYTES_IN_HEAD, 1],
    [TEXT_BYTES_IN_HEAD + 1, 2],
    [TEXT_BYTES_IN_HEAD + TEXT_BYTES_IN_CONTINUATION, 2],
    [TEXT_BYTES_IN_HEAD + TEXT_BYTES_IN_CONTINUATION + 1, 3],
  ])('of %d bytes takes %d slots', (bytes, slots) => {
    expect(textSlots(bytes)).toBe(slots);
  });

  test.each([0, 1, 150, 230, 231, 232, 480, 481, 4000])(
    'of %d characters, not all ASCII, reads as it was written',
    (length) => {
      const event = log('µ€😀x'.repeat(length).slice(0, length));
      expect(roundTrip(event)).toEqual({ read: JSON.parse(JSON.stringify(event)), cut: false });
    },
  );

  test('goes on at the beginning of the ring', () => {
    const event = log('y'.repeat(2000));
    expect(roundTrip(event, 1022)).toEqual({ read: event, cut: false });
  });

  test('that is too long is cut, and says so', () => {
    const { read, cut } = roundTrip(log('z'.repeat(100_000)));
    expect(cut).toBe(true);
    expect(read).toMatchObject({ type: 'log', text: `${'z'.repeat(TEXT_CHARACTERS_MAX)}… (96000 characters cut)` });
  });

  test('of a board that fits no record becomes a log line that says so', () => {
    const { read, cut } = roundTrip({
      type: 'board',
      index: 3,
      id: 'pico',
      path: 'p'.repeat(70_000),
      descriptor: null,
      boot: '0',
      contracts: {},
    });
    expect(cut).toBe(true);
    expect(read).toMatchObject({
      type: 'log',
      level: 'error',
      text: expect.stringMatching(/^board pico: 70\d+ bytes do not fit/),
    });
  });

  test('reads anything that a torn copy can hold without leaving its bounds', () => {
    const ring = newRing();
    ring.u8.fill(0xff);
    new TextCopy().copy(ring, 1023);
  });
});
