import { expect, it } from 'vitest';
import type { Window } from './arms.js';
import { restartsOf, shortfallsOf, silencesOf } from './shortfall.js';

const window = (came: number, sent: number): Window => ({
  latenciesUs: new Float64Array(),
  cpu: 0,
  rssMiB: 0,
  frames: { came, sent },
});
const arms = [
  { name: 'Tautline', isOurs: true },
  { name: 'C floor', isOurs: false },
];
const found = (ours: Window[], floor: Window[], size: 'smoke' | 'normal' = 'normal') =>
  shortfallsOf(arms, { Tautline: ours, 'C floor': floor }, size);

it('says nothing of arms of which 99 % came, or of which nothing is counted', () => {
  const none = { failures: [], doubts: [] };
  expect(found([window(990, 1000)], [window(1003, 1000)])).toEqual(none);
  expect(found([window(0, Number.NaN)], [window(1000, 1000)])).toEqual(none);
});

it('takes the windows of an arm together', () => {
  const windows = [window(984, 1000), window(1010, 1000)];
  expect(found(windows, [window(1000, 1000)]).failures).toEqual([]);
});

it('fails us for frames that did not come, with the numbers', () => {
  const { failures, doubts } = found([window(1000, 1000), window(979, 1000)], [window(2000, 2000)]);
  expect(failures).toEqual(['Tautline: 1979 of 2000 frames came']);
  expect(doubts).toEqual([]);
});

it('doubts the run when the floor lost some', () => {
  const { failures, doubts } = found([window(1000, 1000)], [window(0, 1000)]);
  expect(failures).toEqual([]);
  expect(doubts).toEqual(['C floor: 0 of 1000 frames came']);
});

it('asks of a smoke run only that most came', () => {
  expect(found([window(501, 1000)], [window(400, 1000)], 'smoke')).toEqual({
    failures: ['C floor: 400 of 1000 frames came'],
    doubts: [],
  });
});

it('fails for a session that began anew, whose frames are in no count of lost ones', () => {
  expect(restartsOf('1 at 10 kHz', 0)).toEqual([]);
  expect(restartsOf('1 at 10 kHz', 2)).toEqual(['1 at 10 kHz: 2 sessions were lost, and began anew']);
});

it('fails for a board that was silent, not for one that tells what it did not release', () => {
  const counts = [
    { frames: 9000, skipped: 1000 },
    { frames: 9800, skipped: 0 },
  ];
  const failures = silencesOf('2 at 1 kHz', counts, 1000, 10_000, 'normal');
  expect(failures).toEqual([
    '2 at 1 kHz, board 2: 9800 of 10000 frames came, and it tells of 0 that it did not release',
  ]);
});
