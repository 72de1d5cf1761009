import { expect, it } from 'vitest';
import { SentBatches } from './channels/sent-batches.js';

function sent(...offsets: number[]): SentBatches {
  const batches = new SentBatches();
  for (const offset of offsets) batches.add(offset, offset * 10, offset / 10);
  return batches;
}

it('gives each batch once, and none before one that was taken', () => {
  const batches = sent(10, 20, 30);
  expect(batches.take(20)).toEqual({ atUs: 200, outletUs: 2 });
  expect(batches.take(20)).toBeNull();
  expect(batches.take(10)).toBeNull();
  expect(batches.take(30)).toEqual({ atUs: 300, outletUs: 3 });
});

it('knows nothing of what was never sent', () => {
  expect(sent(10).take(11)).toBeNull();
  expect(new SentBatches().take(0)).toBeNull();
});

it('holds the newest 64', () => {
  const batches = sent(...Array.from({ length: 1000 }, (_, i) => i));
  expect(batches.take(935)).toBeNull();
  expect(batches.take(936)).toEqual({ atUs: 9360, outletUs: 93.6 });
});
