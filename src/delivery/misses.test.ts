import { expect, it } from 'vitest';
import { DeliveryMisses, type LateDelivery } from './misses.js';

const late = (over: Partial<LateDelivery> = {}): LateDelivery => ({
  board: 'pico',
  stream: 'control',
  client: 'a browser',
  culprit: 'consumer',
  outletUs: 100,
  consumerUs: 200_000,
  ...over,
});

it('tells one event for each client and culprit, with the segments of the worst', () => {
  const misses = new DeliveryMisses();
  misses.add(late());
  misses.add(late({ consumerUs: 900_000 }));
  misses.add(late({ consumerUs: 300_000 }), 5);
  misses.add(late({ client: 'another' }));
  expect(misses.take()).toEqual([
    { type: 'delivery-miss', ...late({ consumerUs: 900_000 }), count: 7 },
    { type: 'delivery-miss', ...late({ client: 'another' }), count: 1 },
  ]);
  expect(misses.take()).toEqual([]);
  expect(misses.totals).toEqual({ outlet: 0, consumer: 8, indeterminate: 0 });
});

it('takes what never came for the worst', () => {
  const misses = new DeliveryMisses();
  misses.add(late({ outletUs: null, consumerUs: null }));
  misses.add(late());
  expect(misses.take()).toMatchObject([{ count: 2, outletUs: null, consumerUs: null }]);
});

it('is bounded by clients, not in its count', () => {
  const misses = new DeliveryMisses();
  for (let i = 0; i < 1000; i++) misses.add(late({ client: `client ${i}` }));
  const told = misses.take();
  expect(told.length).toBe(257);
  expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
});
