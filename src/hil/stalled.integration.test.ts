/** A busy machine in real time: what it explains is inconclusive, and everything else fails as it does on a quiet one. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runTests } from './testing/child-run.rig.js';

const folder = mkdtempSync(join(tmpdir(), 'tautline-stalled-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a process that stood still excuses what it explains, and no other failure', () => {
  const { tests } = runTests({ file: 'stalled.rig.ts', folder, environment: { HIL_TARGET: 'host' } });
  expect(tests.map(({ title, status, meta }) => [title, status, meta.hil.verdict])).toEqual([
    ['of another build is another build', 'failed', 'fail'],
    ['in time, with a standstill that explains it', 'skipped', 'inconclusive'],
    ['in time, with a standstill that is too short to explain it', 'failed', 'fail'],
    ['of a wait in vain that this machine explains', 'skipped', 'inconclusive'],
  ]);
  const [, inconclusive] = tests.map(({ meta }) => meta.hil);
  expect(inconclusive!.reason).toMatch(/expected 'late' to be 'in time'.*; this process stood still for \d+ ms/s);
  // As of a failure: somebody may want to look.
  expect(existsSync(inconclusive!.artefact!)).toBe(true);
}, 240_000);

it('a run of which too much is inconclusive ends with a line that says so, and not with 0', () => {
  const inconclusive = { HIL_TARGET: 'host', STALLED_ONLY: '1' };
  const any = runTests({ file: 'stalled.rig.ts', folder, environment: inconclusive });
  expect(any.status).toBe(0);
  const limited = runTests({
    file: 'stalled.rig.ts',
    folder,
    environment: { ...inconclusive, HIL_INCONCLUSIVE_MAX: '30' },
  });
  expect(limited.status).toBe(1);
  expect(limited.stderr).toMatch(/HIL {2}2 of 2 judged tests are inconclusive \(100 %\), and 30 % may be/);
}, 240_000);
