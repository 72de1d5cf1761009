import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LAG_PAIRS, LagReader, LagWriter } from './lag.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tautline-lag-test-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

it('keeps the largest lag of each 10 ms and finds it by time', () => {
  const writer = new LagWriter(directory);
  const reader = new LagReader(writer.path);
  expect(reader.lagAt(0, 1e9)).toBeUndefined();
  for (let us = 0; us < 1e6; us += 1000) writer.record(us, us === 503_000 ? 7000 : 100);
  expect(reader.lagAt(500_000, 505_000)).toBe(7000);
  expect(reader.lagAt(700_000, 720_000)).toBe(100);
  expect(reader.lagAt(-2e6, -1e6)).toBeUndefined();
  reader.close();
  writer.close();
  expect(existsSync(writer.path)).toBe(false);
});

it('counts a long standstill for the whole of it', () => {
  const writer = new LagWriter(directory);
  const reader = new LagReader(writer.path);
  writer.record(1_000_000, 50);
  writer.record(1_500_000, 490_000);
  expect(reader.lagAt(1_200_000, 1_210_000)).toBe(490_000);
  reader.close();
  writer.close();
});

it('counts the time since its last report while none comes: an emulator that stands still cannot say so', () => {
  const writer = new LagWriter(directory);
  const reader = new LagReader(writer.path);
  for (let us = 0; us <= 1e6; us += 1000) writer.record(us, 100);
  expect(reader.lagAt(1_030_000, 1_060_000)).toBeGreaterThan(40_000);
  expect(reader.lagAt(985_000, 1_005_000)).toBe(100);
  reader.close();
  writer.close();
});

it('says for how long it was later than so much, and counts a standstill once', () => {
  const writer = new LagWriter(directory);
  const reader = new LagReader(writer.path);
  for (let us = 0; us < 1e6; us += 10_000) writer.record(us, us >= 300_000 && us < 500_000 ? 6000 : 100);
  writer.record(1_600_000, 590_000);
  expect(reader.behindUs(0, 1e6, 5000)).toBeCloseTo(200_000, -4.5);
  expect(reader.behindUs(350_000, 400_000, 5000)).toBeCloseTo(50_000, -4.5);
  expect(reader.behindUs(0, 2e6, 7000)).toBeCloseTo(600_000, -4.5);
  expect(reader.behindUs(0, 1e6, 7000)).toBe(0);
  reader.close();
  writer.close();
});

it('has a fixed size however long it runs', () => {
  const writer = new LagWriter(directory);
  const reader = new LagReader(writer.path);
  for (let i = 0; i < 2 * LAG_PAIRS + 5; i++) writer.record(i * 10_000, i);
  expect(statSync(writer.path).size).toBe(16 + 16 * LAG_PAIRS);
  const newestUs = (2 * LAG_PAIRS + 4) * 10_000;
  expect(reader.lagAt(newestUs, newestUs)).toBe(2 * LAG_PAIRS + 4);
  expect(reader.lagAt(0, 1000)).toBeUndefined();
  reader.close();
  writer.close();
});

it('removes the files of processes that were killed, and no others', () => {
  const orphan = join(directory, 'tautline-lag-999999999-0');
  const other = join(directory, 'something-else');
  writeFileSync(orphan, '');
  writeFileSync(other, '');
  const writer = new LagWriter(directory);
  expect(readdirSync(directory).sort()).toEqual(['something-else', writer.path.split('/').at(-1)].sort());
  writer.close();
});

it('refuses a file that is none of its own', () => {
  const path = join(directory, 'x');
  writeFileSync(path, 'hello, this is not a lag file');
  expect(() => new LagReader(path)).toThrow('not a lag file');
});
