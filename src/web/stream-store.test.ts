import { expect, test } from 'vitest';
import { createFrameRecord } from '../feed/frame.js';
import { FrameBatch } from '../gateway/frame-batch.js';
import { decodeFrames } from '../sdk/index.js';
import { StreamStore } from './stream-store.js';

const signals = ['humidity', 'temperature'].map(
  (name) => ({ name, type: 'i32', scale: 1, offset: 0, unit: '' }) as const,
);

test('frames from before the sketch printed its second signal are plotted as far as they go', () => {
  const store = new StreamStore('plain', 1e6, signals, undefined, false);
  const batch = new FrameBatch();
  for (const count of [1, 2]) {
    const frame = Object.assign(createFrameRecord(), { seq: count, count, arrivalUs: count * 1e6, verified: false });
    frame.values.set([10 * count, 20 * count]);
    batch.add(frame, count, count + 1, 1e9);
  }
  const payload = new Uint8Array(batch.bytes);
  batch.write(payload, 1, 0);
  for (const columns of decodeFrames(payload)!.groups) store.plot(signals, columns);
  const drawn = store.signals.map(({ traces }) => {
    traces[10].render(1003);
    return [...new Set(traces[10].y.filter((value) => typeof value === 'number'))];
  });
  expect(drawn).toEqual([[10, 20], [40]]);
});

test('other firmware that sends a signal less often is drawn as lines, not as gaps between its frames', () => {
  const fast = new StreamStore('control', 1000, signals, undefined, true);
  const same = new StreamStore('control', 1000, signals, fast, true);
  expect(same.signals[0]!.traces).toBe(fast.signals[0]!.traces);
  const slow = new StreamStore('control', 1e6, signals, fast, true);
  const trace = slow.signals[0]!.traces[10];
  for (let at = 1000; at < 1003; at++) trace.add(at + 0.5, 1);
  trace.render(1003);
  // Where a line goes on.
  expect(trace.y).toContain(undefined);
});
