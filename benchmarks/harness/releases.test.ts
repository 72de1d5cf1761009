import { expect, it } from 'vitest';
import { PlannedReleases } from './releases.js';

const skippedIn = (frames: readonly (readonly [seq: number, releaseUs: number])[]): number[] => {
  const releases = new PlannedReleases(1000);
  return frames.map(([seq, releaseUs]) => releases.skippedBefore(seq, releaseUs));
};

it('counts the periods that a board left out, and numbered on', () => {
  expect(
    skippedIn([
      [7, 5000],
      [8, 6000],
      [9, 11_000],
      [10, 12_000],
    ]),
  ).toEqual([0, 0, 4, 0]);
});

it('takes frames that were lost for lost', () => {
  expect(
    skippedIn([
      [7, 5000],
      [10, 8000],
      [12, 20_000],
    ]),
  ).toEqual([0, 0, 0]);
});

it('begins anew with a board that boots', () => {
  expect(
    skippedIn([
      [0, 1000],
      [1, 2000],
      [0, 1000],
      [1, 2000],
      [2, 4000],
    ]),
  ).toEqual([0, 0, 0, 0, 1]);
});

it('rounds: a board stamps whole microseconds', () => {
  expect(
    skippedIn([
      [1, 1000.4],
      [2, 1999.6],
      [3, 3999],
    ]),
  ).toEqual([0, 0, 1]);
});
