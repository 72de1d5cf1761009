/** A board that goes on from test to test, as a real one does: what one test leaves of the line is not for the next. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HostProcess } from './host-process.js';
import { runTests } from './testing/child-run.rig.js';

const folder = mkdtempSync(join(tmpdir(), 'tautline-cut-'));
let board: HostProcess;

beforeAll(async () => {
  board = await HostProcess.start('release', 1);
});
afterAll(async () => {
  await board.end();
  rmSync(folder, { recursive: true, force: true });
});

it('a line that a failed test has cut is whole again for the next one, and the board not tripped', () => {
  const { tests } = runTests({ file: 'left-cut.rig.ts', folder, environment: { HIL_TARGET: board.path } });
  expect(tests.map(({ title }) => title)).toEqual([
    'fails, and mends nothing',
    'the next begins with a board that can be armed',
  ]);
  const [first, next] = tests.map(({ meta }) => meta.hil);
  // A busy machine may leave them undecided; whether it does or not, the board is not tripped.
  expect(first!.verdict).toMatch(/^(fail|inconclusive)$/);
  expect(next!.verdict).toMatch(/^(pass|marginal|inconclusive)$/);
  expect(next!.reason ?? '').not.toContain('tripped');
}, 240_000);
