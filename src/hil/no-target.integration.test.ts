/** A target that there is not: one set-up error that says so, and a report in place of the one before. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

const rig = (name: string) => fileURLToPath(new URL(`testing/${name}.rig.ts`, import.meta.url));

it.each([
  ['of tests with the kit', [rig('plain')], false],
  ['of a file that the old report is of', [join(folder, 'tests/by-a-wrapper.test.ts')], false],
  ['of other tests', [rig('desk')], true],
])('a run %s that leaves no report: the old one stays only where it is not about it', (_, modules, stays) => {
  const names = ['report.html', 'report.json', 'junit.xml'].map((name) => join(folder, name));
  const recording = join(folder, 'a-recording.json.gz');
  const tests = [{ file: 'tests/by-a-wrapper.test.ts' }];
  for (const name of [...names, recording]) writeFileSync(name, JSON.stringify({ tests }));
  const reporter = new HilReporter({ folder });
  reporter.onTestRunStart(modules.map((moduleId) => ({ moduleId })) as never);
  reporter.onTestRunEnd([]);
  expect(names.map((name) => existsSync(name))).toEqual([stays, stays, stays]);
  expect(existsSync(recording)).toBe(true);
});
