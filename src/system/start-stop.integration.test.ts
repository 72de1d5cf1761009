/** Starting and ending as users and init systems do it: nothing is left behind. Runs the build. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { BridgeProcess } from './bridge.rig.js';
import { childrenWith, isRunning, openFilesOf, until } from './processes.rig.js';

const started: BridgeProcess[] = [];
function bridge(...args: Parameters<typeof BridgeProcess.start>): BridgeProcess {
  const process = BridgeProcess.start(...args);
  started.push(process);
  return process;
}
afterEach(async () => {
  for (const each of started.splice(0)) await each.dispose();
});

/** Far more than the 2 s that a user may count on: this machine may be busy. */
const STOP_MS = 10_000;

/** Port locks that this process holds, in whichever place locks are kept here. */
function locksOf(pid: number): string[] {
  return ['/run/lock/tautline', '/tmp/tautline'].flatMap((folder) => {
    try {
      return readdirSync(folder).filter((name) => readFileSync(`${folder}/${name}`, 'utf8').includes(`"pid":${pid},`));
    } catch {
      return []; // not here, or gone between the two calls
    }
  });
}

describe.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s', (signal) => {
  test('ends everything: exit code 0, no process and no file left', async () => {
    const tautline = bridge();
    const emulator = await tautline.emulator();
    await tautline.streams();
    await tautline.url();
    expect(locksOf(tautline.pid)).toHaveLength(1);
    const lags = openFilesOf(emulator).filter((path) => path.includes('tautline-lag-'));
    expect(lags).toHaveLength(1);
    const beganMs = Date.now();
    expect(await tautline.kill(signal)).toEqual({ code: 0, signal: null });
    expect(Date.now() - beganMs).toBeLessThan(STOP_MS);
    await until('the end of the emulator', () => !isRunning(emulator));
    expect(locksOf(tautline.pid)).toEqual([]);
    expect(lags.filter((path) => existsSync(path))).toEqual([]);
    expect(tautline.stderr).not.toContain('unexpected');
  });
});

test('a signal in the middle of starting ends it as well', async () => {
  const tautline = bridge();
  const emulator = await tautline.emulator();
  expect(await tautline.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  await until('the end of the emulator', () => !isRunning(emulator));
});

test('a signal while the ports are still being listed ends it as well', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tautline-udevadm-'));
  writeFileSync(join(folder, 'udevadm'), '#!/bin/sh\nexec sleep 86399\n', { mode: 0o755 });
  const tautline = bridge({
    args: ['--set', 'board.path=2e8a:000a'],
    env: { PATH: `${folder}:${process.env.PATH}` },
  });
  const listing = await until('the listing', () => childrenWith(tautline.pid, '86399')[0]);
  const exit = await tautline.kill('SIGTERM');
  process.kill(listing, 'SIGKILL');
  rmSync(folder, { recursive: true });
  expect(exit).toEqual({ code: 0, signal: null });
});

test('the emulator of a bridge that was killed ends by itself, and takes its pseudo-terminal along', async () => {
  const tautline = bridge();
  const emulator = await tautline.emulator();
  await tautline.streams();
  const lag = openFilesOf(emulator).find((path) => path.includes('tautline-lag-'))!;
  await tautline.kill('SIGKILL');
  await until('the end of the emulator', () => !isRunning(emulator));
  expect(existsSync(lag)).toBe(false);
});

test('the demo runs the emulated board, whatever the settings file says of boards', async () => {
  const tautline = bridge({ command: 'demo', env: { TAUTLINE_BOARD_PATH: '/dev/none' } });
  await tautline.streams();
  expect(await tautline.kill('SIGINT')).toEqual({ code: 0, signal: null });
});

test('who watches is told that the board goes before the bridge ends', async () => {
  const tautline = bridge();
  await tautline.streams();
  await tautline.kill('SIGTERM');
  expect(tautline.stderr).toMatch(/pico {2}gone: the bridge was stopped/);
});
