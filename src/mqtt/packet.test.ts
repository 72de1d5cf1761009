import fc from 'fast-check';
import { type Packet, parser } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { encodePublish, expirySeconds, type MqttVersion } from './packet.js';

function parse(version: MqttVersion, bytes: Buffer): Packet[] {
  const packets: Packet[] = [];
  const reader = parser({ protocolVersion: version });
  reader.on('packet', (packet) => packets.push(packet));
  reader.parse(bytes);
  return packets;
}

test('an independent parser reads back what was written, in both versions and at every length', () => {
  const publication = fc.record({
    version: fc.constantFrom(4 as const, 5 as const),
    topic: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((topic) => !/[+#\0]/.test(topic)),
    payload: fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 0, max: 40_000 }).map((n) => 'x'.repeat(n)),
    ),
    qos: fc.constantFrom(0 as const, 1 as const),
    retain: fc.boolean(),
    packetId: fc.integer({ min: 1, max: 0xffff }),
    expirySeconds: fc.constantFrom(0, 1, 0xffff_ffff),
  });
  fc.assert(
    fc.property(publication, ({ version, payload, ...rest }) => {
      const given = { ...rest, packetId: rest.qos === 0 ? 0 : rest.packetId };
      const [packet, ...more] = parse(version, encodePublish(version, given, payload));
      expect(more).toEqual([]);
      expect(packet).toMatchObject({
        cmd: 'publish',
        topic: given.topic,
        qos: given.qos,
        retain: given.retain,
        dup: false,
      });
      if (packet?.cmd !== 'publish') throw new Error('not a publish');
      expect(packet.payload.toString()).toBe(payload);
      if (given.qos === 1) expect(packet.messageId).toBe(given.packetId);
      const expiry = version === 5 && given.expirySeconds > 0 ? given.expirySeconds : undefined;
      expect(packet.properties?.messageExpiryInterval).toBe(expiry);
    }),
  );
});

test('a lifespan is never shortened and at least one second: MQTT counts whole ones', () => {
  expect([0, 1, 250_000, 1e6, 1_000_001].map(expirySeconds)).toEqual([1, 1, 1, 1, 2]);
});
