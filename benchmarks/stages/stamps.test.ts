import { expect, it } from 'vitest';
import { figuresOf, loopStamps, outletStamps, StampTable, stagesOf } from './stamps.js';

it('joins what two threads stamped by the number of the frame', () => {
  const { frames, stages } = stagesOf(
    [...[7, 0, 40, 43, 45, 46, 55, 62], ...[8, 1000, 1050, 1054, 1057, 1059, 1070, 1080]],
    [...[8, 1090, 1100, 1115], ...[7, 70, 78, 90]],
  );
  expect(frames).toBe(2);
  expect(stages.map(({ us }) => [...us])).toEqual([
    [40, 50],
    [3, 4],
    [2, 3],
    [1, 2],
    [9, 11],
    [7, 10],
    [24, 31],
    [8, 10],
    [12, 15],
  ]);
  expect(figuresOf(stages[0]!)).toEqual({ p50_us: 40, p99_us: 50 });
});

it('leaves out a frame that lacks a stamp', () => {
  const whole = [7, 0, 40, 43, 45, 46, 55, 62];
  expect(stagesOf([...whole, 8, 1, 2, 3, 4, 5, null, 7], [7, 70, 78, 90, 8, 9, 9, 9]).frames).toBe(1);
  expect(stagesOf(whole, []).frames).toBe(0);
});

it('has room for so many rows, and begins anew when they are taken', () => {
  const table = new StampTable(outletStamps.length, 1);
  table.set(table.add(7), 1, 70);
  expect(table.add(8)).toBe(-1);
  table.set(-1, 1, 80);
  expect(table.take()).toEqual([7, 70, Number.NaN, Number.NaN]);
  expect(table.take()).toEqual([]);
  expect(loopStamps[0]).toBe(outletStamps[0]);
});
