import { expect, it } from 'vitest';
import { SentBatches } from './channels/sent-batches.js';

/** One batch each `stepUs`, with the number of its step as its offset. */
function sent(count: number, stepUs: number, streams = 1): SentBatches {
  const batches = new SentBatches(0);
  for (let n = 1; n <= count; n++) batches.add(n, n * stepUs, n, streams);
  return batches;
}

it('gives each batch once, and none before one that was taken', () => {
  const batches = sent(3, 20_000);
  expect(batches.take(2)).toEqual({ atUs: 40_000, outletUs: 2, streams: 1 });
  expect(batches.take(2)).toBeNull();
  expect(batches.take(1)).toBeNull();
  expect(batches.take(3)).toEqual({ atUs: 60_000, outletUs: 3, streams: 1 });
});

it('knows nothing of what was never sent, and of what was there before', () => {
  expect(sent(1, 20_000).take(2)).toBeNull();
  expect(new SentBatches(0).take(0)).toBeNull();
  const batches = new SentBatches(5);
  batches.add(7, 70, 0, 1);
  expect(batches.take(5)).toBeNull();
  batches.forget(6);
  expect(batches.take(6)).toBeNull();
  expect(batches.take(7)).not.toBeNull();
});

it('holds a second of a thousand batches a second; what is taken was sent 16 ms after what was asked for, at most', () => {
  for (const offset of [9001, 9002, 9500, 9984, 9999, 10_000]) {
    const batch = sent(10_000, 1000).take(offset);
    expect(batch!.atUs).toBeGreaterThanOrEqual(offset * 1000);
    expect(batch!.atUs).toBeLessThanOrEqual((offset + 16) * 1000);
  }
  expect(sent(10_000, 1000).take(10_000)!.atUs).toBe(10_000_000);
});

it('takes the oldest that is held for one that is older: the client took at least so long', () => {
  const { atUs } = sent(10_000, 1000).take(1)!;
  expect(atUs).toBeLessThanOrEqual(9_000_000);
});

it('says which streams have come since what was taken last', () => {
  const batches = new SentBatches(0);
  batches.add(1, 0, 0, 0b1);
  batches.add(2, 20_000, 0, 0b10);
  batches.add(3, 40_000, 0, 0b100);
  batches.add(4, 41_000, 0, 0b1000);
  batches.add(5, 42_000, 0, 2 ** 31);
  batches.add(6, 80_000, 0, 0b1);
  expect(batches.take(1)?.streams).toBe(0b1);
  expect(batches.take(3)?.streams).toBe(0b110);
  expect(batches.take(5)?.streams).toBe(0b1000 + 2 ** 31);
  expect(batches.take(6)?.streams).toBe(0b1);
});

it('goes on after its newest batch was taken', () => {
  const batches = sent(1, 20_000);
  for (let n = 2; n < 200; n++) {
    expect(batches.take(n - 1)).toMatchObject({ outletUs: n - 1 });
    batches.add(n, 20_000 + n * 100, n, 1);
  }
});
