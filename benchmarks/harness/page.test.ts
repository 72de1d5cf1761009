import { expect, it } from 'vitest';
import type { Result } from './benchmark.js';
import { environment } from './environment.js';
import { page } from './page.js';

const result = (series: Result['series']): Result => ({
  name: 'row',
  verdict: 'pass',
  reasons: [],
  values: {},
  tables: [],
  series,
});
const some = { name: 'some', latenciesUs: Float64Array.of(10, 20, 40) };
const none = { name: 'none', latenciesUs: new Float64Array() };

it('draws the series that have samples, whatever the others lack', () => {
  const html = page([result([some, none])], environment(['row'], 'smoke', 1));
  expect(html).not.toContain('NaN');
  expect(html.match(/<polyline/g)).toHaveLength(2);
});

it('draws nothing where no series has any', () => {
  expect(page([result([none])], environment(['row'], 'smoke', 1))).not.toContain('<svg');
});
