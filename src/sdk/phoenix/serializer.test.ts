import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  broadcastHeader,
  decodeBinaryFromServer,
  decodeBinaryPush,
  decodeText,
  encodeBinaryPush,
  encodeBinaryReply,
  encodeText,
} from './serializer.js';

const bytes = (...parts: (number | string)[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...Buffer.from(part)])));

test('text is the five element array of version 2', () => {
  const message = { joinRef: '1', ref: '2', topic: 'board:pico', event: 'phx_join', payload: { rateHz: 10 } };
  expect(encodeText(message)).toBe('["1","2","board:pico","phx_join",{"rateHz":10}]');
  expect(decodeText(encodeText(message))).toEqual(message);
});

test.each(['', '{', '[]', '[1,2,3,4,5]', '["1","2","t",null,{}]', '["1","2","t","e",{},0]', 'null', '"x"'])(
  'text that is no message is refused: %s',
  (text) => {
    expect(decodeText(text)).toBeUndefined();
  },
);

test('a binary push has the literal layout of Phoenix', () => {
  const encoded = encodeBinaryPush('0', '1', 't', 'e', Uint8Array.of(1, 4));
  expect(encoded).toEqual(bytes(0, 1, 1, 1, 1, '0', '1', 't', 'e', 1, 4));
  expect(decodeBinaryPush(encoded)).toEqual({
    joinRef: '0',
    ref: '1',
    topic: 't',
    event: 'e',
    payload: Uint8Array.of(1, 4),
  });
});

test('a binary reply has the literal layout of Phoenix', () => {
  const encoded = encodeBinaryReply('100', '12', 'top', 'ok', Uint8Array.of(9));
  expect(encoded).toEqual(bytes(1, 3, 2, 3, 2, '100', '12', 'top', 'ok', 9));
  expect(decodeBinaryFromServer(encoded)).toMatchObject({ ref: '12', event: 'phx_reply', payload: { status: 'ok' } });
});

test('a broadcast has the literal layout of Phoenix', () => {
  const encoded = bytes(...broadcastHeader('top', 'some-event'), 7);
  expect(encoded).toEqual(bytes(2, 3, 10, 'top', 'some-event', 7));
  expect(decodeBinaryFromServer(encoded)).toEqual({
    joinRef: null,
    ref: null,
    topic: 'top',
    event: 'some-event',
    payload: Uint8Array.of(7),
  });
});

test('a field over 255 bytes is refused with its size', () => {
  expect(() => broadcastHeader('x'.repeat(256), 'e')).toThrow('256 bytes');
});

test('any bytes and any text decode without a throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (any) => {
      decodeBinaryPush(any);
      decodeBinaryFromServer(any);
    }),
  );
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (any) => void decodeText(any)));
});

test('any fields survive a binary push', () => {
  const field = fc
    .string({ minLength: 1, maxLength: 60, unit: 'grapheme' })
    .filter((s) => Buffer.byteLength(s) < 256 && s.isWellFormed());
  fc.assert(
    fc.property(field, field, field, field, fc.uint8Array(), (joinRef, ref, topic, event, payload) => {
      const decoded = decodeBinaryPush(encodeBinaryPush(joinRef, ref, topic, event, payload));
      expect(decoded).toMatchObject({ joinRef, ref, topic, event });
      expect([...(decoded!.payload as Uint8Array)]).toEqual([...payload]);
    }),
  );
});
