import { expect, it } from 'vitest';
import { unloadedOf } from './loop.js';

it('says nothing of a load in which the gateway kept something back in each window', () => {
  expect(unloadedOf([1, 250])).toEqual([]);
});

it('doubts readers that hold nothing up', () => {
  expect(unloadedOf([250, 0, Number.NaN])).toEqual([
    'in 2 of 3 windows the gateway kept nothing back from the clients that do not read',
  ]);
});
