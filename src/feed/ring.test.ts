import { describe, expect, test } from 'vitest';
import { Producer, RING_BYTES_MAX, Ring, ringSlots } from './ring.js';
import { SLOT_BYTES } from './slot.js';

describe('ring size', () => {
  test.each([
    [1000, 30, 32_768],
    [1000, 32.768, 32_768],
    [1000, 33, 65_536],
    [1, 1, 1024],
    [1e6, 600, RING_BYTES_MAX / SLOT_BYTES],
  ])('%d slots a second for %d s take %d slots', (perSecond, seconds, slots) => {
    expect(ringSlots(perSecond, seconds)).toBe(slots);
  });

  test.each([0, 3, 1000, 2 ** 21])('refuses %d slots', (slots) => {
    expect(() => Ring.create({ slots, recordSlotsMax: 1 })).toThrow(/power of two/);
  });

  test('refuses a record longer than half the ring', () => {
    expect(() => Ring.create({ slots: 16, recordSlotsMax: 9 })).toThrow(/1 to 8 slots/);
  });

  test('takes all of its memory at once, or as it is written', () => {
    const taken = (isTouched: boolean): number => {
      const before = process.memoryUsage.rss();
      const ring = Ring.create({ slots: RING_BYTES_MAX / SLOT_BYTES, recordSlotsMax: 1, isTouched });
      return ring.slots > 0 ? (process.memoryUsage.rss() - before) / RING_BYTES_MAX : Number.NaN;
    };
    expect(taken(true)).toBeGreaterThan(0.9);
    expect(taken(false)).toBeLessThan(0.1);
  });

  test('refuses memory that holds no ring', () => {
    expect(() => new Ring(new SharedArrayBuffer(8192))).toThrow(/not a ring/);
  });
});

describe('producer', () => {
  test('refuses a record longer than consumers were told, and a publication of what was not claimed', () => {
    const producer = new Producer(Ring.create({ slots: 16, recordSlotsMax: 3 }));
    expect(() => producer.claim(4)).toThrow(/4 slots, at most 3/);
    producer.claim(2);
    expect(() => producer.publish(1)).toThrow(/published 1 slots, claimed 2/);
  });

  test('shows a record only once it is published', () => {
    const ring = Ring.create({ slots: 16, recordSlotsMax: 3 });
    const producer = new Producer(ring);
    expect(producer.claim(3)).toBe(0);
    expect(ring.head()).toBe(0);
    producer.publish(3);
    expect(ring.head()).toBe(3);
    expect(producer.offset).toBe(3);
  });

  test.each([2 ** 31 - 2, 2 ** 32 - 2, 2 ** 40 - 2])('counts on past the wrap of the i32 head at %d', (firstOffset) => {
    const ring = Ring.create({ slots: 16, recordSlotsMax: 1, firstOffset });
    const producer = new Producer(ring);
    for (let i = 0; i < 5; i++) {
      expect(producer.claim(1)).toBe((firstOffset + i) % 16);
      producer.publish(1);
    }
    expect(producer.offset).toBe(firstOffset + 5);
    expect(ring.headOffset(firstOffset)).toBe(firstOffset + 5);
    expect(ring.head()).toBe((firstOffset + 5) | 0);
  });
});
