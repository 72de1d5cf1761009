import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFrameRecord } from '../feed/frame.js';
import { BATCH_ROWS_MAX, FrameBatch } from '../gateway/frame-batch.js';
import { decodeFrames } from './columns.js';

/** The payload alone, in an array that begins and ends with it. */
function payloadOf(batch: FrameBatch, epoch: number, sentUtcUs: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(batch.bytes).fill(0xff);
  batch.write(out, epoch, sentUtcUs);
  return out;
}

const anyFrame = fc.record({
  stream: fc.integer({ min: 0, max: 3 }),
  boot: fc.constantFrom(1, 0xffff_ffff),
  seq: fc.nat(),
  count: fc.constantFrom(0, 1, 5, 64),
  verdict: fc.integer({ min: 0, max: 9 }),
  culprit: fc.integer({ min: 0, max: 6 }),
  flags: fc.integer({ min: 0, max: 255 }),
  releaseHostUs: fc.oneof(fc.double({ min: 0, max: 1e12, noNaN: true }), fc.constant(Number.NaN)),
  latenessUs: fc.double({ noNaN: true }),
});

/** An independent model: rows by stream, boot and number of signals. */
test('any frames survive the columns, in order within their stream', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: BATCH_ROWS_MAX }), fc.nat(9), (frames, shift) => {
      const batch = new FrameBatch();
      const expected = new Map<string, number[][]>();
      frames.forEach((fields, i) => {
        const frame = Object.assign(
          createFrameRecord(),
          { verified: true, lifespanUs: 5, uncertaintyUs: 7, releaseUs: i },
          fields,
        );
        for (let v = 0; v < fields.count; v++) frame.values[v] = fields.seq + v / 64;
        batch.add(frame, i, i + 1, 1000);
        const key = `${fields.stream}/${fields.boot}/${fields.count}`;
        const status = (fields.verdict | (fields.culprit << 8) | (fields.flags << 16)) >>> 0;
        const row = [
          fields.seq,
          i,
          fields.releaseHostUs + 1000,
          fields.latenessUs,
          7,
          ...frame.values.subarray(0, fields.count),
          status,
        ];
        expected.set(key, [...(expected.get(key) ?? []), row]);
      });
      const encoded = payloadOf(batch, 0xc0ffee, 12_345);
      // As a slice of something larger, at any alignment.
      const shifted = new Uint8Array(encoded.length + shift);
      shifted.set(encoded, shift);
      const decoded = decodeFrames(shifted.subarray(shift))!;
      expect(decoded).toMatchObject({ epoch: '00c0ffee', offset: frames.length, sentUtcUs: 12_345 });
      const got = new Map(
        decoded.groups.map((group) => {
          const columns = [
            group.seq,
            group.releaseUs,
            group.utcUs,
            group.latenessUs,
            group.uncertaintyUs,
            ...group.values,
            group.status,
          ];
          const rows = Array.from({ length: group.rows }, (_, row) => columns.map((column) => column[row]!));
          expect(rows.map((_, row) => group.at(0, row))).toEqual(
            rows.map((row) => (group.signals > 0 ? row[5] : Number.NaN)),
          );
          return [`${group.stream}/${group.boot}/${group.values.length}`, rows];
        }),
      );
      expect(got).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test('any bytes decode to something or nothing, without a throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      bytes[0] = 1;
      for (const group of decodeFrames(bytes)?.groups ?? [])
        expect(group.seq.length + group.status.length).toBe(2 * group.rows);
    }),
  );
});

test('another version is not guessed at', () => {
  const encoded = payloadOf(new FrameBatch(), 1, 1);
  encoded[0] = 2;
  expect(decodeFrames(encoded)).toBeUndefined();
});

test('a Buffer that begins anywhere decodes too: its slice() is a view, not a copy', () => {
  const batch = new FrameBatch();
  batch.add(Object.assign(createFrameRecord(), { seq: 7, count: 1 }), 0, 1, 0);
  const encoded = payloadOf(batch, 1, 1);
  const shifted = Buffer.alloc(encoded.length + 3);
  shifted.set(encoded, 3);
  expect(decodeFrames(shifted.subarray(3))?.groups[0]?.seq[0]).toBe(7);
});
