import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunReport } from './report/run-report.js';
import { runTests } from './testing/child-run.rig.js';

const folder = mkdtempSync(join(tmpdir(), 'tautline-hil-report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function reportOf(environment: Record<string, string>) {
  const { status } = runTests({ file: 'hooks.rig.ts', folder, environment: { HIL_TARGET: 'pico', ...environment } });
  const { tests, verdicts } = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as RunReport;
  const told = Object.fromEntries(tests.map(({ name, verdict, reason }) => [name, [verdict, reason]]));
  return { status, told, verdicts, junit: readFileSync(join(folder, 'junit.xml'), 'utf8') };
}

describe('the report', () => {
  it('tells the failed hooks of a describe as set-up errors', () => {
    const { status, told, verdicts, junit } = reportOf({});
    expect(status).toBe(1);
    expect(told).toMatchObject({
      runs: ['pass', null],
      'what has to be there first (its hooks)': ['set-up error', 'the bench is not there'],
      'what has to be there first > is not there': ['skipped', null],
      'what has to be cleared away (its hooks)': ['set-up error', 'the bench is still there'],
      'what has to be cleared away > runs, too': ['pass', null],
    });
    expect(verdicts).toMatchObject({ 'set-up error': 2, skipped: 1 });
    expect(junit).toMatch(
      /<testsuite name="src\/hil\/testing\/hooks.rig.ts \(pico\)" tests="7" failures="0" errors="2"/,
    );
  });

  it('tells tests that a dead process has left as set-up errors', () => {
    const { status, told } = reportOf({ HIL_DIES: '1' });
    expect(status).toBe(1);
    const left = Object.entries(told).filter(([name]) => name.startsWith('a process that dies'));
    expect(left).toEqual([
      ['a process that dies > in this test', ['set-up error', expect.stringContaining('it did not end')]],
      ['a process that dies > never begins the next one', ['set-up error', expect.stringContaining('it did not end')]],
    ]);
  });
});
