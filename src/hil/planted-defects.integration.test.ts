/** The tests of the tests: each firmware with a planted defect fails the HIL test that is there for it, and the good one passes. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunReport } from './report/run-report.js';
import { plantedDefects, plantedDefectsText } from './testing/planted-defects.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tautline-defects-'));
const imageOf = (plant: string) => join(root, 'firmware/build', `pico-plant-${plant}.bin`);
/** A minute of a thousand frames a second is the longest; a busy machine takes three times as long as a free one. */
const RUN_MS_MAX = 240_000;

/** For `-t`: a regular expression for names that are joined by a space. */
const pattern = (name: string) => `^${name.replaceAll(' > ', ' ').replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`;

/** Runs these tests alone on the emulated Pico, in a process of their own; what was not run is not in the report. */
function run(tests: readonly { readonly file: string; readonly test: string }[], environment: Record<string, string>) {
  const files = [...new Set(tests.map(({ file }) => join('hil-tests', file)))];
  const names = tests.map(({ test }) => pattern(test)).join('|');
  const { VITEST: _, ...inherited } = process.env;
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const ran = spawnSync(process.execPath, [vitest, 'run', '--project', 'hil', ...files, '-t', names], {
    cwd: root,
    env: { ...inherited, HIL_TARGET: 'pico', HIL_REQUIRE: '1', HIL_SEED: '1', HIL_ARTIFACTS: folder, ...environment },
    encoding: 'utf8',
    timeout: RUN_MS_MAX,
  });
  const path = join(folder, 'report.json');
  if (!existsSync(path)) throw new Error(`there is no report of the run:\n${ran.stdout}\n${ran.stderr}`);
  const report = JSON.parse(readFileSync(path, 'utf8')) as RunReport;
  rmSync(path);
  return report.tests.filter(({ name }) => tests.some(({ test }) => test === name));
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('docs/hil.md shows the table of planted defects as it is', () => {
  expect(readFileSync(join(root, 'docs/hil.md'), 'utf8')).toContain(plantedDefectsText());
});

const isCompilerMissing = (process.env.TAUTLINE_MISSING ?? '').split(' ').includes('gcc-arm-none-eabi');

describe.skipIf(isCompilerMissing)('a planted defect (needs gcc-arm-none-eabi)', () => {
  it('is in the table for every image, and has an image for every row: make -C firmware defects', () => {
    const files = readdirSync(join(root, 'firmware/build'));
    const built = files.flatMap((file) => /^pico-plant-(\w+)\.bin$/.exec(file)?.[1] ?? []);
    expect(built.sort()).toEqual(plantedDefects.map(({ plant }) => plant).sort());
  });

  it.each(plantedDefects)(
    '$plant: $what is found',
    (defect) => {
      const [found, ...others] = run([defect], { HIL_IMAGE: imageOf(defect.plant) });
      expect(others).toEqual([]);
      expect(found).toMatchObject({ verdict: 'fail', reason: expect.stringMatching(defect.reason) });
    },
    RUN_MS_MAX,
  );

  it(
    'is what those tests fail for: without one they pass',
    () => {
      const tests = run(plantedDefects, {});
      expect(tests.map(({ name }) => name).sort()).toEqual([...new Set(plantedDefects.map(({ test }) => test))].sort());
      for (const { name, verdict } of tests)
        expect({ name, verdict }).toEqual({ name, verdict: expect.stringMatching(/^(pass|marginal)$/) });
    },
    RUN_MS_MAX,
  );
});
