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

const environment = {
  schema: 2,
  size: 'normal',
  cpu: 'AMD',
  node: 'v20',
  commit: 'abc',
  configurationHash: '0123',
};

function compared(before: object, after: object, others: object = {}): number {
  return comparedFiles(
    { windows: before, environment },
    { windows: after, environment: { ...environment, ...others } },
  );
}

function comparedFiles(before: unknown, after: unknown): number {
  const folder = mkdtempSync(join(tmpdir(), 'tautline-compare-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = [before, after].map((content, i) => {
    const file = join(folder, `${i}.json`);
    writeFileSync(file, JSON.stringify(content));
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

it.each([
  ['a smoke run', { size: 'smoke' }, 'a smoke run has no figures'],
  ['longer windows', { size: 'full' }, 'the windows are normal and full ones'],
  ['another processor', { cpu: 'Intel' }, 'the processors are AMD and Intel'],
  ['another harness', { configurationHash: '4567' }, 'configurationHash'],
])('judges nothing beside %s', (_, others, text) => {
  expect(compared({ ws1: row(200) }, { ws1: row(400) }, others)).toBe(6);
  expect(said).toContain(text);
});

it('takes floors of fewer windows for not measured', () => {
  const short = { ...row(200), 'C floor': { p50Us: [100], p99Us: [100], cpu: [0.1] } };
  expect(compared({ ws1: row(200) }, { ws1: short })).toBe(6);
});

const good = { windows: {}, environment };
it.each([
  ['no JSON object', null],
  ['no environment', { windows: {} }],
  ['schema is 1, not 2', { ...good, environment: { ...environment, schema: 1 } }],
  ['no cpu', { ...good, environment: { ...environment, cpu: undefined } }],
  ['no windows', { environment }],
  ['ws1 have no figures', { ...good, windows: { ws1: 3 } }],
  ['ws1 have no figures', { ...good, windows: { ws1: { Tautline: {} } } }],
  ['ws1 have no figures', { ...good, windows: { ws1: { Tautline: { p50Us: ['1'], p99Us: [] } } } }],
])('refuses a file of another shape: %s', (text, content) => {
  let caught: unknown;
  try {
    comparedFiles(good, content);
  } catch (error) {
    caught = error;
  }
  expect(caught).toMatchObject({ exitCode: 2, message: expect.stringContaining(text) });
});
