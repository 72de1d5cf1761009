import { afterEach, describe, expect, it } from 'vitest';
import { environment } from '../environment.js';
import { overLimit } from './inconclusive-limit.js';

const run = (inconclusive: number, skipped: number, all: number) => ({
  verdicts: { pass: all - inconclusive - skipped, marginal: 0, fail: 0, inconclusive, 'set-up error': 0, skipped },
  tests: Array.from({ length: all }, () => ({}) as never),
});

describe('a run of which much is inconclusive', () => {
  it('is held to its share of the tests that were not skipped', () => {
    expect(overLimit(run(3, 10, 20), 30)).toBe(null);
    expect(overLimit(run(4, 10, 20), 30)).toMatch(/^4 of 10 judged tests are inconclusive \(40 %\), and 30 % may be: /);
    expect(overLimit(run(1, 0, 100), 0)).not.toBe(null);
  });

  it('is held to nothing where there is no limit, and one of nothing but skips to none', () => {
    expect(overLimit(run(10, 0, 10), null)).toBe(null);
    expect(overLimit(run(0, 10, 10), 0)).toBe(null);
  });
});

describe('HIL_INCONCLUSIVE_MAX', () => {
  afterEach(() => {
    delete process.env.HIL_INCONCLUSIVE_MAX;
    delete process.env.HIL_REQUIRE;
  });

  it('is 30 where the target is required, and no limit elsewhere', () => {
    expect(environment.inconclusiveMax).toBe(null);
    process.env.HIL_REQUIRE = '1';
    expect(environment.inconclusiveMax).toBe(30);
    process.env.HIL_INCONCLUSIVE_MAX = '0';
    expect(environment.inconclusiveMax).toBe(0);
  });

  it('is a percentage', () => {
    process.env.HIL_INCONCLUSIVE_MAX = '101';
    expect(() => environment.inconclusiveMax).toThrow('HIL_INCONCLUSIVE_MAX=101: give a percentage');
  });
});
