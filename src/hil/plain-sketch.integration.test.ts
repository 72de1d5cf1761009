/** A sketch that only prints lines, as a target: what docs/hil.md says can be tested of one, and no more. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runTests } from './testing/child-run.rig.js';

const folder = mkdtempSync(join(tmpdir(), 'tautline-sketch-'));
const port = join(folder, 'port');
const sketch = 'n=0; while :; do printf "temperature:2%d.5,speed:%d\\r\\n" $((n % 10)) $n; n=$((n+1)); sleep 0.1; done';
let line: ChildProcess;

beforeAll(async () => {
  writeFileSync(join(folder, 'sketch.sh'), sketch);
  line = spawn('socat', [`PTY,link=${port},raw,echo=0`, 'EXEC:sh sketch.sh'], { cwd: folder });
  await vi.waitUntil(() => existsSync(port), { timeout: 30_000 });
});
afterAll(() => {
  line.kill();
  rmSync(folder, { recursive: true, force: true });
});

it('has signals, values, outlets and a line that can be pulled out, and no clock and no counters', () => {
  const { tests } = runTests({ file: 'plain.rig.ts', folder, environment: { HIL_TARGET: port } });
  expect(tests.map(({ title, status, failureMessages }) => [title, status, ...failureMessages])).toEqual([
    ['prints its signals, with values in their range', 'passed'],
    ['is held to no sequence and no time, for it has none', 'passed'],
    ['is skipped', 'skipped'],
    ['refuses what needs an answer', 'passed'],
    ['gets its lines, marked as unverified', 'passed'],
    ['that is pulled out makes its values stale, and they come back', 'passed'],
  ]);
  expect(tests[2]!.meta.hil.reason).toMatch(/^needs "stamps" \(.*\), which .* has not: it prints plain lines/);
}, 240_000);

it('docs/hil.md shows a test of one that is run here', () => {
  const rig = readFileSync(new URL('testing/plain.rig.ts', import.meta.url), 'utf8');
  const [shown] = /^test\('prints its signals.*?^}\);$/ms.exec(rig)!;
  expect(readFileSync(new URL('../../docs/hil.md', import.meta.url), 'utf8')).toContain(shown);
});
