/** `tautline emulate` with files of the user's: what it refuses, and how it says so. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { romUser, smallBootRom } from '../board/emulated/test-programs.js';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tautline-emulate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const image = file('image.bin', romUser);
const rom = file('rom.bin', smallBootRom);
const cutOff = file('cut-off.bin', smallBootRom.subarray(0, 100));

/** Ends it as soon as its port is there. */
async function emulate(...given: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [cli, 'emulate', ...given], { stdio: ['pipe', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes) => {
    said.stdout += bytes;
    if (said.stdout.includes('lag ')) child.kill('SIGTERM');
  });
  child.stderr.on('data', (bytes) => {
    said.stderr += bytes;
  });
  const [code] = await once(child, 'close');
  return { code: code as number | null, ...said };
}

it('runs an image that uses the boot ROM when it is given', async () => {
  expect(await emulate('pico', '--image', image, '--bootrom', rom)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^port \/dev\//),
  });
});

it.each([
  ['an image that uses a boot ROM which is not there', ['pico', '--image', image], /uses the boot ROM.*--bootrom FILE/],
  ['a boot ROM of another size', ['pico', '--bootrom', cutOff], /Cannot use .*cut-off\.bin as boot ROM: .* 100 bytes/],
  ['a boot ROM for a board that has none', ['uno', '--bootrom', rom], /An emulated uno has no boot ROM/],
  ['an image that is not there', ['pico', '--image', join(folder, 'none')], /Cannot read the firmware image .*none/],
])('refuses %s in one line, with exit code 2', async (_, given, reason) => {
  const { code, stderr } = await emulate(...given);
  expect(stderr).toMatch(reason);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(code).toBe(2);
});
