import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodePublish } from './packet.js';
import { PacketGuard } from './packet-guard.js';

const publish = (payloadBytes: number) =>
  encodePublish(4, { topic: 't', qos: 0, retain: false, packetId: 0, expirySeconds: 0 }, 'x'.repeat(payloadBytes));

test('packets within the bound pass, however they are cut into chunks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 900 })),
      fc.array(fc.integer({ min: 1, max: 500 })),
      (sizes, cuts) => {
        const bytes = Buffer.concat([Buffer.from([0xc0, 0]), ...sizes.map(publish)]);
        const guard = new PacketGuard(1000);
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const end = at + (cuts[i] ?? bytes.length);
          expect(guard.accepts(bytes.subarray(at, end))).toBe(true);
          at = end;
        }
      },
    ),
  );
});

test('a packet over the bound is refused at its header, before its body comes', () => {
  expect(new PacketGuard(1000).accepts(publish(1001).subarray(0, 3))).toBe(false);
  expect(new PacketGuard(1000).accepts(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]))).toBe(false);
});

test('a length of more than four bytes is refused', () => {
  expect(new PacketGuard(1000).accepts(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x00]))).toBe(false);
});
