import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tautline-hil-'));

interface Ran {
  readonly fullName: string;
  readonly status: string;
  readonly meta: {
    readonly hil: { readonly verdict: string; readonly reason: string; readonly artefact: string | null };
  };
}

/** Runs the failing tests in a process of their own. */
function run(environment: Record<string, string>): Ran[] {
  const json = join(folder, 'result.json');
  rmSync(json, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const config = 'src/hil/testing/vitest.rig.ts';
  const { VITEST: _, ...inherited } = process.env;
  const given = ['run', '--config', config, 'failing.rig.ts', '--reporter', 'json', '--outputFile', json];
  spawnSync(process.execPath, [vitest, ...given], {
    cwd: root,
    env: { ...inherited, HIL_ARTIFACTS: folder, ...environment },
    timeout: 120_000,
  });
  const { testResults } = JSON.parse(readFileSync(json, 'utf8')) as { testResults: { assertionResults: Ran[] }[] };
  return testResults.flatMap(({ assertionResults }) => assertionResults);
}

/** Without the commands that run it again: those of a replay name the replay. */
const messageOf = ({ meta }: Ran): string => meta.hil.reason.replaceAll(/^(again|as it was).*$/gm, '');

let recorded: Ran[] = [];
beforeAll(() => {
  recorded = run({ HIL_TARGET: 'pico', HIL_SEED: '7' });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a failed test', () => {
  it('leaves a recording, and says so', () => {
    expect(recorded.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
    for (const { meta } of recorded) expect(meta.hil).toMatchObject({ verdict: 'fail', artefact: expect.any(String) });
  });

  it.each([0, 1, 2])('fails in the same way when its recording is replayed (%i)', (index) => {
    const failed = recorded[index]!;
    const replayed = run({ HIL_REPLAY: failed.meta.hil.artefact! });
    expect(replayed.map(({ status }) => status)).toEqual(recorded.map((_, i) => (i === index ? 'failed' : 'skipped')));
    expect(messageOf(replayed[index]!)).toBe(messageOf(failed));
  });
});
