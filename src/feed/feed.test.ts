import { describe, expect, test } from 'vitest';
import { Feed } from './feed.js';
import { createFrameRecord } from './frame.js';
import { consumerStates, stateAt } from './ring.js';
import { SLOT_BYTES, TEXT_SLOTS_MAX } from './slot.js';

describe('feed', () => {
  test('remembers the frames of so many seconds', () => {
    const { frames, events } = Feed.create({ slotsPerSecond: 1000, seconds: 30 });
    expect(frames.ring.slots).toBe(32_768);
    expect(events.ring.slots).toBe(16_384);
    expect(frames.ring.memory.byteLength).toBe(32_768 * SLOT_BYTES + 4096);
  });

  test('of a slow board still has room for the longest text many times over', () => {
    const { events } = Feed.create({ slotsPerSecond: 1, seconds: 1 });
    expect(events.ring.slots).toBeGreaterThanOrEqual(32 * TEXT_SLOTS_MAX);
  });

  test('wakes only who sleeps, in the order of registration, once', () => {
    const feed = Feed.create({ slotsPerSecond: 1, seconds: 1 });
    const { control } = feed.frames.ring;
    const woken: number[] = [];
    for (const consumer of [2, 0, 1]) feed.onParked(consumer, () => woken.push(consumer));
    Atomics.store(control, stateAt(0), consumerStates.parked);
    Atomics.store(control, stateAt(1), consumerStates.running);
    Atomics.store(control, stateAt(2), consumerStates.parked);
    const frame = createFrameRecord();
    feed.frame(0, frame, frame);
    feed.wakeParked();
    feed.wakeParked();
    expect(woken).toEqual([2, 0]);
    expect(feed.wakeUps).toBe(2);
  });

  test('counts the texts that it cut', () => {
    const feed = Feed.create({ slotsPerSecond: 1, seconds: 1 });
    feed.text({ type: 'log', board: null, level: 'info', text: 'x', utcUs: 0 });
    feed.text({ type: 'log', board: null, level: 'info', text: 'x'.repeat(5000), utcUs: 0 });
    expect(feed.cutTexts).toBe(1);
  });
});
