import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBinary, hasRightCrc } from './binary.js';
import { Decoder } from './decoder.js';
import type { DecoderSink } from './decoder-sink.js';
import { binaryMessage, encodeBinary, encodeText } from './encode.js';
import { valueRanges } from './layout.js';
import type { AnyMessage, DataMessage } from './message.js';
import { RecordingSink } from './recording-sink.js';
import { type Field, fieldBytes, messages, type ValueType } from './schema.js';
import { decodeText, hasRightTextCrc } from './text.js';
import { sampleTypes, streamOf } from './vectors/samples.js';

const TAG = 0x5a3c;

function fieldValue(field: Field): fc.Arbitrary<unknown> {
  switch (field.type) {
    case 'text':
      return fc.string({ unit: 'binary', maxLength: 16 }).filter((text) => text.isWellFormed());
    case 'bytes':
      return fc.uint8Array({ maxLength: 48 });
    case 'i32s':
      return fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 4 });
    default:
      if (field.opaque) return fc.bigInt(0n, 2n ** 64n - 1n).map((n) => n.toString(16).toUpperCase().padStart(16, '0'));
      return fc.integer({ min: 0, max: Math.min(2 ** 53 - 1, 2 ** (8 * fieldBytes[field.type]) - 1) });
  }
}

const names = Object.keys(messages).filter((name) => name !== 'data') as Exclude<keyof typeof messages, 'data'>[];

const anyMessage = fc
  .constantFrom(...names)
  .chain((name) =>
    fc
      .record(Object.fromEntries(messages[name].fields.map((field) => [field.name, fieldValue(field)])))
      .map((fields) => ({ name, ...fields }) as unknown as Exclude<AnyMessage, DataMessage>),
  );

const raw = (type: ValueType) => fc.integer(valueRanges[type]);
const anyData: fc.Arbitrary<DataMessage> = fc
  .record(Object.fromEntries(messages.data.fields.map((field) => [field.name, fieldValue(field)])))
  .chain((fields) =>
    fc
      .tuple(...sampleTypes.map(raw))
      .map((values) => ({ name: 'data', ...fields, session: TAG, stream: 3, values, types: sampleTypes }) as never),
  );

function newDecoder(sink: DecoderSink, encoding: 'text' | 'binary'): Decoder {
  const decoder = new Decoder(sink);
  decoder.layouts([streamOf({ stream: 3, types: sampleTypes } as unknown as DataMessage)]);
  decoder.expectSession(TAG);
  decoder.expect(encoding);
  return decoder;
}

const concat = (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

describe('round trip', () => {
  test('every message in both encodings', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const body = binaryMessage(message);
        expect(hasRightCrc(body, body.length)).toBe(true);
        expect(decodeBinary(body, body.length)).toEqual(message);
        const line = encodeText(message);
        expect(hasRightTextCrc(line, 0, line.length - 1)).toBe(true);
        expect(decodeText(line, 0, line.length - 1)).toEqual(message);
      }),
      { numRuns: 500 },
    );
  });

  test.each(['text', 'binary'] as const)('data in %s', (encoding) => {
    fc.assert(
      fc.property(anyData, (message) => {
        const sink = new RecordingSink();
        newDecoder(sink, encoding).push(encoding === 'text' ? encodeText(message) : encodeBinary(message), {
          arrivalUs: 1,
        });
        const { name: _, types: __, values, ...fields } = message;
        expect(sink.found).toMatchObject([{ type: 'data', values, frame: fields }]);
      }),
      { numRuns: 200 },
    );
  });
});

/** Wire bytes of device messages, with noise between them. */
function wireOf(encoding: 'text' | 'binary'): fc.Arbitrary<Uint8Array> {
  const encode = encoding === 'text' ? encodeText : encodeBinary;
  const piece = fc.oneof(
    { weight: 4, arbitrary: anyData.map((message) => encode(message)) },
    { weight: 2, arbitrary: anyMessage.map((message) => encode(message)) },
    { weight: 1, arbitrary: anyMessage.map((message) => encodeText(message)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }) },
    { weight: 1, arbitrary: fc.uint8Array({ min: 1, minLength: 200, maxLength: 900 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('a:1\n', 'b:2\r\n', '\n\n', 'log\n', '$', '*').map((s) => new TextEncoder().encode(s)),
    },
  );
  return fc.array(piece, { maxLength: 12 }).map(concat);
}

describe.each(['text', 'binary'] as const)('any bytes on a line in %s', (encoding) => {
  test('give the same however they are cut into chunks', () => {
    fc.assert(
      fc.property(wireOf(encoding), fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (wire, cuts) => {
        const whole = new RecordingSink();
        const decoder = newDecoder(whole, encoding);
        decoder.push(wire, { arrivalUs: 1 });
        const pieces = new RecordingSink();
        const cut = newDecoder(pieces, encoding);
        for (let at = 0, i = 0; at < wire.length; i++) {
          const next = at + cuts[i % cuts.length]!;
          cut.push(wire.slice(at, next), { arrivalUs: 1 });
          at = next;
        }
        expect(pieces.found).toEqual(whole.found);
        expect({ ...cut.counters }).toEqual({ ...decoder.counters });
        expect(cut.state).toBe(decoder.state);
      }),
      { numRuns: 300 },
    );
  });

  test('are found again within two frames', () => {
    const encode = encoding === 'text' ? encodeText : encodeBinary;
    fc.assert(
      // Below the length at which a binary line is taken for text.
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(anyData, { minLength: 3, maxLength: 3 }),
        (noise, frames) => {
          const sink = new RecordingSink();
          const decoder = newDecoder(sink, encoding);
          for (const bytes of [
            noise,
            ...frames.map((frame) => encode(frame).subarray(encoding === 'binary' ? 1 : 0)),
          ]) {
            decoder.push(bytes, { arrivalUs: 1 });
          }
          const last = frames.at(-1)!;
          expect(sink.of('data').at(-1)).toMatchObject({ values: last.values, frame: { seq: last.seq } });
        },
      ),
      { numRuns: 300 },
    );
  });

  test('are all accounted for: frames, corrupt bytes, lines', () => {
    fc.assert(
      fc.property(wireOf(encoding), (wire) => {
        const { counters } = pushAll(wire, encoding);
        expect(counters.bytes).toBe(wire.length);
        expect(counters.corruptBytes).toBeLessThanOrEqual(wire.length);
        expect(counters.malformedFrames + counters.overlongLines + counters.overlongRuns).toBeLessThanOrEqual(
          counters.corruptFrames,
        );
      }),
    );
  });
});

test.each([
  ['text', 'x'.charCodeAt(0)],
  ['text', 0],
  ['binary', 'x'.charCodeAt(0)],
  ['binary', 1],
  ['binary', 0],
] as const)('an endless run in %s of byte %i holds no memory', (encoding, byte) => {
  const ignore = () => {};
  const sink = {
    data: ignore,
    message: ignore,
    plain: ignore,
    text: ignore,
    corrupt: ignore,
    foreign: ignore,
    fallback: ignore,
  };
  const decoder = newDecoder(sink, encoding);
  const chunk = new Uint8Array(65_536).fill(byte);
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 500; i++) decoder.push(chunk, { arrivalUs: i });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2e6);
  expect(decoder.counters.bytes).toBe(500 * 65_536);
});

function pushAll(wire: Uint8Array, encoding: 'text' | 'binary') {
  const sink = new RecordingSink();
  const decoder = newDecoder(sink, encoding);
  decoder.push(wire, { arrivalUs: 1 });
  return { sink, counters: decoder.counters };
}

describe.each(['text', 'binary'] as const)('one damaged byte of a frame in %s', (encoding) => {
  const encode = encoding === 'text' ? encodeText : encodeBinary;
  const damage = fc.record({
    at: fc.nat(),
    how: fc.constantFrom('flip', 'drop', 'insert', 'double'),
    byte: fc.integer({ min: 1, max: 255 }),
  });

  test('never gives a frame that was not sent', () => {
    fc.assert(
      fc.property(fc.array(anyData, { minLength: 3, maxLength: 3 }), damage, (frames, { at, how, byte }) => {
        const good = concat(frames.map(encode));
        const where = at % good.length;
        const bytes = [...good];
        if (how === 'flip') bytes[where]! ^= byte;
        else if (how === 'drop') bytes.splice(where, 1);
        else bytes.splice(where, 0, how === 'insert' ? byte : bytes[where]!);
        const { sink } = pushAll(Uint8Array.from(bytes), encoding);
        const sent = new Map(frames.map((frame) => [JSON.stringify([frame.seq, frame.releaseUs, frame.values]), true]));
        const received = sink.of('data');
        for (const { frame, values } of received) {
          expect(sent.has(JSON.stringify([frame.seq, frame.releaseUs, values]))).toBe(true);
        }
        expect(received.length).toBeGreaterThanOrEqual(1);
        expect(sink.of('message')).toEqual([]);
        expect(sink.of('foreign')).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});
