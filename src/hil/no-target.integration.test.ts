/** A target that there is not: one set-up error that says so, and a report in place of the one before. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import HilReporter from './report/reporter.js';
import { runTests } from './testing/child-run.rig.js';

const RUN_MS = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'tautline-no-target-'));
const map = join(folder, 'boards.toml');
writeFileSync(map, '[boards.desk]\npath = "/dev/ttyUSB0"\nbuad = 9600\n');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['a typo in HIL_TARGET', { HIL_TARGET: 'pcio' }, /HIL_TARGET=pcio: there is no such target; there are pico, uno/],
  ['a bad hardware map', { HIL_TARGET: 'desk', HIL_BOARDS: map }, /buad/],
  ['a recording that is not there', { HIL_REPLAY: join(folder, 'none.json.gz') }, /HIL_REPLAY=.*none\.json\.gz: /],
  ['a seed that is none', { HIL_TARGET: 'pico', HIL_SEED: 'one' }, /HIL_SEED=one: give a whole number/],
])(
  '%s is one set-up error, and a reason to skip the other tests',
  (_, environment, message) => {
    const junit = join(folder, 'junit.xml');
    writeFileSync(junit, 'of the run before');
    const { tests, status } = runTests({ file: 'plain.rig.ts', folder, environment });
    expect(status).toBe(1);
    const [first, ...others] = tests.map(({ meta }) => meta.hil);
    expect(first).toMatchObject({ verdict: 'set-up error', reason: expect.stringMatching(message), unstable: null });
    expect(others.length).toBeGreaterThan(0);
    for (const { verdict, reason } of others) {
      expect([verdict, reason]).toEqual(['skipped', expect.stringMatching(/^the board is broken: /)]);
    }
    expect(readFileSync(junit, 'utf8')).toMatch(/failures="0" errors="1"/);
  },
  RUN_MS,
);

it('a run that leaves no report leaves none of the run before either, and nothing else is deleted', () => {
  const names = ['report.html', 'report.json', 'junit.xml', 'a-recording.json.gz'].map((name) => join(folder, name));
  for (const name of names) writeFileSync(name, 'old');
  const reporter = new HilReporter({ folder });
  reporter.onTestRunStart();
  reporter.onTestRunEnd([]);
  expect(names.map((name) => existsSync(name))).toEqual([false, false, false, true]);
});
