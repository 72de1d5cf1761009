import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cli } from '../system/bridge.rig.js';

const run = (path: string) =>
  spawnSync(process.execPath, [cli, 'doctor'], { encoding: 'utf8', env: { ...process.env, PATH: path } }).stdout;

/** On a machine that grants real-time priorities up to this one. */
function doctor(most: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'tautline-doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'chrt'), `#!/bin/sh\n[ "$1" = --fifo ] && [ "$2" -le ${most} ]\n`, { mode: 0o755 });
  return run(`${folder}:${process.env.PATH}`);
}

test.runIf(process.platform === 'linux')('doctor tries the priority that the loop asks for', () => {
  expect(doctor(20)).toMatch(/^ok .*real-time priority 20 is granted/m);
  expect(doctor(1)).toMatch(/^note .*no right to real-time priority 20/m);
  expect(run('/nonexistent')).toMatch(/^note .*chrt cannot be run .*util-linux/m);
});
