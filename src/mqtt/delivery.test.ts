import { expect, it } from 'vitest';
import { Pulse } from '../delivery/pulse.js';
import type { StreamView } from './boards.js';
import { BrokerDelivery } from './delivery.js';
import { MqttMetrics } from './metrics.js';

const stream = { board: 'pico', name: 'control', outletUs: 20_000, consumerUs: 100_000 } as StreamView;

function deliveries() {
  const pulse = new Pulse();
  const metrics = new MqttMetrics();
  return { pulse, metrics, delivery: new BrokerDelivery(metrics, pulse) };
}

it('says nothing of what was in time', () => {
  const { delivery, metrics } = deliveries();
  delivery.written(stream, 0, 20_000);
  delivery.acknowledged(stream, 0, 20_000, 120_000);
  expect(delivery.misses.take()).toEqual([]);
  expect(metrics.stages.outlet.counts.reduce((sum, count) => sum + count)).toBe(2);
  expect(metrics.stages.consumer.sumUs[0]).toBe(100_000);
});

it('blames the outlet for what it took too late', () => {
  const { delivery } = deliveries();
  delivery.written(stream, 0, 20_001);
  delivery.acknowledged(stream, 0, 300_000, 301_000);
  expect(delivery.misses.take()).toMatchObject([{ culprit: 'outlet', count: 2, outletUs: 300_000, consumerUs: 1000 }]);
});

it('blames the broker for what it acknowledged too late; the segments are the whole age', () => {
  const { delivery } = deliveries();
  delivery.acknowledged(stream, 0, 500, 2_000_000);
  expect(delivery.misses.take()).toEqual([
    {
      type: 'delivery-miss',
      board: 'pico',
      stream: 'control',
      client: 'broker',
      culprit: 'consumer',
      count: 1,
      outletUs: 500,
      consumerUs: 1_999_500,
    },
  ]);
});

it('blames nobody when this thread itself stood while it waited', () => {
  const { delivery, pulse } = deliveries();
  for (const beatUs of [0, 20_000, 1_990_000]) pulse.beat(beatUs);
  delivery.acknowledged(stream, 0, 500, 2_000_000);
  expect(delivery.misses.take()).toMatchObject([{ culprit: 'indeterminate' }]);
});

it('has no opinion without a budget', () => {
  const { delivery } = deliveries();
  const free = { ...stream, outletUs: 0, consumerUs: 0 } as StreamView;
  delivery.written(free, 0, 1e9);
  delivery.acknowledged(free, 0, 1e9, 2e9);
  expect(delivery.misses.take()).toEqual([]);
});
