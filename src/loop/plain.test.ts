import { expect, it } from 'vitest';
import { SIGNALS_MAX } from '../codec/schema.js';
import { PlainStream } from './plain.js';

it('finds the signals as they appear, and says when its descriptor has changed', () => {
  const plain = new PlainStream(115_200);
  expect(plain.take([{ name: 'temperature', value: 21.5, unit: '°C' }], 1)).toBe(true);
  expect(plain.take([{ name: 'temperature', value: 21.6 }], 2)).toBe(false);
  expect(plain.take([{ name: 'speed', value: 1200 }], 3)).toBe(true);
  expect(plain.descriptor.streams[0]?.signals.map(({ name, unit }) => [name, unit])).toEqual([
    ['temperature', '°C'],
    ['speed', ''],
  ]);
  expect(plain.frame.count).toBe(2);
  expect([...plain.frame.values.slice(0, 2)]).toEqual([21.6, 1200]);
});

it('refuses more signals than a stream can have, and counts them', () => {
  const plain = new PlainStream(115_200);
  const readings = Array.from({ length: SIGNALS_MAX + 3 }, (_, i) => ({ name: `s${i}`, value: i }));
  plain.take(readings, 1);
  expect(plain.frame.count).toBe(SIGNALS_MAX);
  expect(plain.refusedSignals).toBe(3);
});

it('has no value for a signal that was not printed for a lifespan, while others are', () => {
  const plain = new PlainStream(115_200);
  const lifespanUs = plain.contracts.plain.lifespanUs;
  plain.take([{ name: 'temperature', value: 21.5 }], 1);
  plain.take([{ name: 'speed', value: 1200 }], 2);
  plain.take([{ name: 'temperature', value: 21.6 }], 2 + lifespanUs);
  expect([...plain.frame.values.slice(0, 2)]).toEqual([21.6, 1200]);
  plain.take([{ name: 'temperature', value: 21.7 }], 3 + lifespanUs);
  expect([...plain.frame.values.slice(0, 2)]).toEqual([21.7, Number.NaN]);
  plain.take([{ name: 'speed', value: 1300 }], 4 + lifespanUs);
  expect([...plain.frame.values.slice(0, 2)]).toEqual([21.7, 1300]);
});
