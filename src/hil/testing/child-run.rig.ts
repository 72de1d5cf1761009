/** Runs a file of tests in a vitest of its own, as a user does, and tells what became of each. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface RanTest {
  readonly title: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
  readonly meta: {
    readonly hil: {
      readonly verdict: string;
      readonly reason: string | null;
      readonly again: string;
      readonly artefact: string | null;
      readonly unstable: string | null;
    };
  };
}

export interface ChildRun {
  /** Name of a file beside this one. */
  readonly file: string;
  /** Gets the result and the recordings. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface EndedRun {
  readonly tests: RanTest[];
  readonly stderr: string;
  /** Exit code. */
  readonly status: number | null;
}

export function runTests({ file, folder, environment }: ChildRun): EndedRun {
  const json = join(folder, 'result.json');
  rmSync(json, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const config = 'src/hil/testing/vitest.rig.ts';
  const reporters = ['json', 'dist/hil/report/reporter.js'].flatMap((name) => ['--reporter', name]);
  const given = ['run', '--config', config, file, ...reporters, '--outputFile.json', json];
  // What is broken in it is not for the run that the caller is in.
  const { VITEST: _, TAUTLINE_HIL_RUN: __, ...inherited } = process.env;
  const { stderr, status } = spawnSync(process.execPath, [vitest, ...given], {
    cwd: root,
    encoding: 'utf8',
    env: { ...inherited, HIL_ARTIFACTS: folder, ...environment },
    timeout: 240_000,
  });
  const { testResults } = JSON.parse(readFileSync(json, 'utf8')) as { testResults: { assertionResults: RanTest[] }[] };
  return { tests: testResults.flatMap(({ assertionResults }) => assertionResults), stderr, status };
}
