/** The build in a folder whose name is not plain letters: it finds its own files all the same. */
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { v8Flags } from '../v8-flags.js';
import { clean, Program, root } from './bridge.rig.js';

const folder = mkdtempSync(join(tmpdir(), 'tautline 100% größer %20-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('runs the emulated board and serves the dashboard from a path with blanks, % and umlauts', async () => {
  for (const part of ['dist', 'firmware/images', 'package.json'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const args = ['demo', '--set', 'http.port=0', '--set', 'mqtt.port=0'];
  const demo = new Program(process.execPath, [...v8Flags, join(folder, 'dist/cli.js'), ...args], {
    cwd: folder,
    env: clean(process.env),
  });
  try {
    const url = (await demo.says(/gateway: ready at (http:\S+)/))[1]!;
    await demo.says(/pico {2}streaming/);
    expect(await (await fetch(url)).text()).toContain('<title>');
    expect(await demo.kill('SIGINT')).toEqual({ code: 0, signal: null });
  } finally {
    await demo.kill();
  }
});
