import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { compare } from './compare.js';

let said = '';
beforeEach(() => {
  said = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
  onTestFinished(() => write.mockRestore());
});

const arm = (us: number | null) => ({ p50Us: Array(12).fill(us), p99Us: Array(12).fill(us), cpu: Array(12).fill(0.1) });
const row = (ours: number | null, floor: number | null = 100) => ({ Tautline: arm(ours), 'C floor': arm(floor) });

function compared(before: object, after: object): number {
  const folder = mkdtempSync(join(tmpdir(), 'tautline-compare-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = [before, after].map((windows, i) => {
    const file = join(folder, `${i}.json`);
    writeFileSync(file, JSON.stringify({ windows, environment: {}, verdict: 'pass' }));
    return file;
  });
  return compare(files[0], files[1]);
}

it('ends with 0 when nothing is slower, and with 5 when something is', () => {
  expect(compared({ ws1: row(200) }, { ws1: row(205) })).toBe(0);
  expect(compared({ ws1: row(200) }, { ws1: row(400) })).toBe(5);
});

it.each([
  ['of ours in the second', { ws1: row(200) }, { ws1: row(null) }],
  ['of the floor in the first', { ws1: row(200, null) }, { ws1: row(200) }],
  ['of a whole row', { ws1: row(200), mqtt: row(200) }, { ws1: row(200), mqtt: {} }],
])('does not take figures that were not measured for zeros: %s', (_, before, after) => {
  expect(compared(before, after)).toBe(6);
  expect(said).toContain('not measured');
});

it('tells what is slower beside what was not measured', () => {
  expect(compared({ ws1: row(200), mqtt: row(200) }, { ws1: row(400), mqtt: row(null) })).toBe(5);
});
