import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cli } from '../system/bridge.rig.js';

/** On a machine that grants real-time priorities up to this one. */
function doctor(most: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'tautline-doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'chrt'), `#!/bin/sh\n[ "$1" = --fifo ] && [ "$2" -le ${most} ]\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  return spawnSync(process.execPath, [cli, 'doctor'], { encoding: 'utf8', env }).stdout;
}

test.runIf(process.platform === 'linux')('doctor tries the priority that the loop asks for', () => {
  expect(doctor(20)).toMatch(/^ok .*real-time priority 20 is granted/m);
  expect(doctor(1)).toMatch(/^note .*no right to real-time priority 20/m);
});
