import { expect, it } from 'vitest';
import { atMost, exactly } from './bars.js';
import { verdictOf } from './benchmark.js';

const reached = atMost('row.reached', exactly(1), 2);
const missed = atMost('row.missed', exactly(3), 2);

it('judges by the bars where nothing is doubtful', () => {
  expect(verdictOf([reached], 'normal').verdict).toBe('pass');
  expect(verdictOf([reached, missed], 'normal').verdict).toBe('fail');
});

it('says nothing of the bars where the floor is in doubt', () => {
  const { verdict, reasons } = verdictOf([missed], 'normal', { doubts: ['the floor'] });
  expect(verdict).toBe('inconclusive');
  expect(reasons[0]).toBe('the floor');
});

it('fails for what is certain, whatever else is doubtful', () => {
  const { verdict, reasons } = verdictOf([reached], 'normal', { doubts: ['the floor'], failures: ['frames lost'] });
  expect(verdict).toBe('fail');
  expect(reasons).toEqual(['frames lost', 'the floor']);
});

it('shows the bars of a smoke run, and passes when all was measured', () => {
  const { verdict, reasons } = verdictOf([reached, missed], 'smoke', { doubts: ['the floor'] });
  expect(verdict).toBe('pass');
  expect(reasons).toEqual(['a smoke run judges no bar']);
  expect(verdictOf([reached], 'smoke')).toEqual({ verdict: 'pass', reasons: [] });
});

it('fails a smoke run in which something was not measured, or lost', () => {
  const unmeasured = atMost('row.nothing', exactly(Number.NaN), 2);
  expect(verdictOf([reached, unmeasured], 'smoke')).toMatchObject({
    verdict: 'fail',
    reasons: ['row.nothing was not measured'],
  });
  expect(verdictOf([reached], 'smoke', { failures: ['frames lost'] }).verdict).toBe('fail');
});
