import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeBinary, hasRightCrc } from '../binary.js';
import { cobsDecode } from '../cobs.js';
import { Decoder } from '../decoder.js';
import { encodeBinary, encodeText } from '../encode.js';
import { hexToBytes } from '../hex.js';
import type { AnyMessage, DataMessage } from '../message.js';
import { RecordingSink } from '../recording-sink.js';
import { type MessageName, messages } from '../schema.js';
import { decodeText, hasRightTextCrc } from '../text.js';
import { streamOf, type Vector, vectorsFromTs } from './samples.js';

const read = (url: URL) => JSON.parse(readFileSync(url, 'utf8')) as Vector[];
const fromTs = read(new URL('from-ts.json', import.meta.url));
const fromCUrl = new URL('../../../firmware/test/vectors/from-c.json', import.meta.url);
const fromC = existsSync(fromCUrl) ? read(fromCUrl) : []; // none: the corpus test says so

/** The message of a vector, its hex of `bytes` fields turned back into bytes. */
function messageOf(vector: Vector): AnyMessage {
  const name = vector.message.name as MessageName;
  const bytesFields = messages[name].fields
    .filter((field) => field.type === 'bytes')
    .map((field) => field.name as string);
  const fields = Object.entries(vector.message).map(([key, value]) => [
    key,
    bytesFields.includes(key) ? hexToBytes(value as string) : value,
  ]);
  return Object.fromEntries(fields) as unknown as AnyMessage;
}

/** What the decoders make of the vector's bytes. */
function decoded(vector: Vector): unknown {
  const wire = hexToBytes(vector.hex)!;
  if (vector.message.name === 'data') return decodedData(vector, wire);
  if (vector.encoding === 'text') {
    expect(hasRightTextCrc(wire, 0, wire.length - 1)).toBe(true);
    return decodeText(wire, 0, wire.length - 1);
  }
  const start = wire[0] === 0 ? 1 : 0;
  const body = new Uint8Array(wire.length);
  const length = cobsDecode(wire, start, wire.length - 1, body);
  expect(hasRightCrc(body, length)).toBe(true);
  return decodeBinary(body, length);
}

function decodedData(vector: Vector, wire: Uint8Array): unknown {
  const message = vector.message as unknown as DataMessage;
  const sink = new RecordingSink();
  const decoder = new Decoder(sink);
  decoder.layouts([streamOf(message)]);
  // Monitor lines have tag 0 and are never delivered; here they are to be looked into.
  decoder.expectSession(message.session);
  decoder.expect(vector.encoding);
  decoder.push(wire, { arrivalUs: 0 });
  const [{ frame, values }] = sink.of('data') as [ReturnType<typeof sink.of<'data'>>[number]];
  const fields = messages.data.fields.map((field) => [field.name, frame[field.name]]);
  return { name: 'data', ...Object.fromEntries(fields), values, types: message.types };
}

test('from-ts.json and from-ts.txt are up to date (node src/codec/vectors/write.mjs)', () => {
  expect(fromTs).toEqual(JSON.parse(JSON.stringify(vectorsFromTs())));
  const lines = fromTs.map(({ name, encoding, hex }) => `${name.replaceAll(' ', '-')} ${encoding} ${hex}\n`).join('');
  expect(readFileSync(new URL('from-ts.txt', import.meta.url), 'utf8')).toBe(lines);
});

describe.each([
  ['TypeScript', fromTs, Object.keys(messages)],
  ['C', fromC, Object.keys(messages).filter((name) => messages[name as MessageName].direction === 'device')],
] as const)('vectors written by %s', (_, vectors, wanted) => {
  test('cover every message in both encodings', () => {
    for (const encoding of ['text', 'binary']) {
      const covered = new Set(vectors.filter((v) => v.encoding === encoding).map((v) => v.message.name));
      expect([...covered].sort()).toEqual(expect.arrayContaining([...wanted].sort()));
    }
  });

  test.each(vectors.map((vector) => [vector.name, vector.encoding, vector] as const))(
    '%s in %s is read as meant',
    (_, __, vector) => {
      expect(decoded(vector)).toEqual(messageOf(vector));
    },
  );

  test.each(vectors.map((vector) => [vector.name, vector.encoding, vector] as const))(
    `%s in %s is what we write too`,
    (_, __, vector) => {
      const message = messageOf(vector);
      const wire = vector.encoding === 'text' ? encodeText(message) : encodeBinary(message);
      // The leading 0x00 depends on whether the line was idle.
      const bytes = hexToBytes(vector.hex)!;
      const skip = vector.encoding === 'binary' && bytes[0] !== 0 ? 1 : 0;
      expect([...wire.subarray(skip)]).toEqual([...bytes]);
    },
  );
});
