import { expect, it } from 'vitest';
import { quantiles, type Window } from './arms.js';
import { doubtsOf, figuresOf, seriesOf, tableOf } from './latency-row.js';

const window = (came: number, sent: number, skipped = 0): Window => ({
  latenciesUs: Float64Array.from({ length: came }, (_, i) => i + 1),
  cpu: 0.1,
  rssMiB: 50,
  frames: { came, sent },
  skipped,
});
const band = { p50Us: [10, 900], p99MaxUs: 2000 } as const;

it('says how many came of how many, and how many of them the board skipped', () => {
  const { columns, rows } = tableOf({ ours: [window(990, 1000, 3), window(1000, 1000, 1)] }, 'a row', 'a note');
  const cell = (name: string) => rows[0]![columns.indexOf(name)];
  expect(cell('frames')).toBe('1990 of 2000');
  expect(cell('of them skipped')).toBe(4);
});

it('takes a frame that did not come for later than all others', () => {
  const windows = [window(989, 1000), window(1000, 1000)];
  expect(quantiles(windows, 0.99)).toEqual([Number.POSITIVE_INFINITY, 990]);
  expect(quantiles([window(989, Number.NaN)], 1)).toEqual([989]);
  const lossy = { floor: [windows[0]!, windows[0]!] };
  expect(tableOf(lossy, 'a row', '').rows[0]).toContain('lost');
  expect(doubtsOf('floor', figuresOf(lossy).floor!, band)).toEqual([
    'the p99 of "floor" is Infinity µs, its band ends at 2000',
  ]);
});

it('leaves windows and raw latencies of each arm', () => {
  const windows = { one: [window(100, 100), window(100, 100)] };
  expect(figuresOf(windows)).toEqual({ one: { p50Us: [50, 50], p99Us: [99, 99], cpu: [0.1, 0.1] } });
  expect(seriesOf(windows)[0]).toMatchObject({ name: 'one', latenciesUs: { length: 200 } });
});
