import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RanTest, runTests } from './testing/child-run.rig.js';

const folder = mkdtempSync(join(tmpdir(), 'tautline-hil-'));

/** Runs the failing tests in a process of their own. */
const run = (environment: Record<string, string>): RanTest[] =>
  runTests({ file: 'failing.rig.ts', folder, environment }).tests;

/** Without the commands that run it again: those of a replay name the replay. */
const messageOf = ({ meta }: RanTest): string => meta.hil.reason!.replaceAll(/^(again|as it was).*$/gm, '');

let recorded: RanTest[] = [];
beforeAll(() => {
  recorded = run({ HIL_TARGET: 'pico', HIL_SEED: '7' });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a failed test', () => {
  it('leaves a recording, and says so', () => {
    expect(recorded.map(({ status }) => status)).toEqual(Array(5).fill('failed'));
    for (const { meta } of recorded) expect(meta.hil).toMatchObject({ verdict: 'fail', artefact: expect.any(String) });
  });

  it.each([0, 1, 2, 3, 4])('fails in the same way when its recording is replayed (%i)', (index) => {
    const failed = recorded[index]!;
    const replayed = run({ HIL_REPLAY: failed.meta.hil.artefact! });
    expect(replayed.map(({ status }) => status)).toEqual(recorded.map((_, i) => (i === index ? 'failed' : 'skipped')));
    expect(messageOf(replayed[index]!)).toBe(messageOf(failed));
  });

  it('passes its replay once it is mended, though the recording ends where it had failed', () => {
    const [replayed] = run({ HIL_REPLAY: recorded[0]!.meta.hil.artefact!, HIL_MENDED: '1' });
    expect([replayed!.status, replayed!.meta.hil.verdict]).toEqual(['passed', 'pass']);
  });
});
