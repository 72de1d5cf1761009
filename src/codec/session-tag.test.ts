import { expect, test } from 'vitest';
import { crc32 } from './crc32.js';
import { sessionTag } from './session-tag.js';

test('is the low half of the CRC over the three numbers, little-endian', () => {
  const bytes = Uint8Array.of(0xef, 0xbe, 0xad, 0xde, 0x6a, 0xd0, 0x97, 0x16, 4, 3, 2, 1);
  expect(sessionTag(0xdead_beef, 0x1697_d06a, 0x0102_0304)).toBe(crc32(bytes) & 0xffff);
});

test('never is the tag of no session', () => {
  let zeros = 0;
  for (let nonce = 0; nonce < 200_000; nonce++) if (sessionTag(1, 2, nonce) === 0) zeros++;
  expect(zeros).toBe(0);
});
