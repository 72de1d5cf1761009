import { expect, it } from 'vitest';
import { exitCodeOf } from './benchmark.js';
import { resultOf } from './result-of.js';

it('fails a row that throws, with what it threw', async () => {
  const broken = async () => {
    throw new Error('the board is gone');
  };
  const result = await resultOf('ws1', broken);
  expect(result).toMatchObject({ name: 'ws1', verdict: 'fail', reasons: ['not measured: the board is gone'] });
  expect(exitCodeOf([result])).toBe(5);
});
