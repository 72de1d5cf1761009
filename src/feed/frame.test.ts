import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cursor } from './cursor.js';
import { createFrameRecord, FRAME_SLOTS_MAX, type FrameRecord, readFrame, writeFrame } from './frame.js';
import { Producer, Ring } from './ring.js';
import { FRAME_VALUES_IN_HEAD, frameSlots } from './slot.js';

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const f64 = fc.double();
const frame: fc.Arbitrary<FrameRecord> = fc.record({
  board: u8,
  stream: u8,
  flags: u8,
  lateUs: u16,
  execUs: u16,
  queueBytes: u16,
  skipped: u8,
  dropped: u8,
  wireBytes: u16,
  arrivalUs: f64,
  count: fc.integer({ min: 0, max: 64 }),
  values: fc.array(f64, { minLength: 64, maxLength: 64 }).map((values) => Float64Array.from(values)),
  verdict: u8,
  culprit: u8,
  boot: fc.integer({ min: 0, max: 0xffff_ffff }),
  verified: fc.boolean(),
  seq: f64,
  releaseUs: f64,
  releaseHostUs: f64,
  uncertaintyUs: f64,
  judgedUs: f64,
  latenessUs: f64,
  lifespanUs: f64,
});

const shown = (record: FrameRecord) => ({ ...record, values: [...record.values.subarray(0, record.count)] });

describe('frame', () => {
  test.each([
    [0, 1],
    [FRAME_VALUES_IN_HEAD, 1],
    [FRAME_VALUES_IN_HEAD + 1, 2],
    [FRAME_VALUES_IN_HEAD + 31, 2],
    [64, 3],
  ])('of %d values takes %d slots', (values, slots) => {
    expect(frameSlots(values)).toBe(slots);
  });

  test('reads as it was written, over many laps of the ring', () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 40 }), (frames) => {
        const ring = Ring.create({ slots: 8, recordSlotsMax: FRAME_SLOTS_MAX });
        const producer = new Producer(ring);
        const read = createFrameRecord();
        const cursor = new Cursor(ring, 0, (from, slot) => readFrame(from, slot, read));
        for (const written of frames) {
          writeFrame(producer, written.board, written, written);
          expect(cursor.copyNext()).toBe(true);
          expect(shown(read)).toEqual(shown(written));
          cursor.advance();
        }
        expect(cursor.lostSlots).toBe(0);
      }),
    );
  });

  test('with more values than a stream can have is cut to 64', () => {
    const ring = Ring.create({ slots: 8, recordSlotsMax: FRAME_SLOTS_MAX });
    const written = createFrameRecord();
    written.count = 200;
    writeFrame(new Producer(ring), 0, written, written);
    const read = createFrameRecord();
    readFrame(ring, 0, read);
    expect(read.count).toBe(64);
  });

  test('reads anything that a torn copy can hold without leaving its bounds', () => {
    const ring = Ring.create({ slots: 8, recordSlotsMax: FRAME_SLOTS_MAX });
    ring.u8.fill(0xff);
    const read = createFrameRecord();
    for (let slot = 0; slot < 8; slot++) readFrame(ring, slot, read);
    expect(read.count).toBe(64);
    expect(read.values).toHaveLength(64);
  });
});
