/** What the package brings along, as it is packed: pages whose links lead somewhere, and firmware to begin one's own with. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildOfImage } from '../hil/boards/image-build.js';
import { root } from './bridge.rig.js';

const folder = mkdtempSync(join(tmpdir(), 'tautline-files-'));
const shipped = join(folder, 'package');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? status}\n${stdout}\n${stderr}`);
  return stdout;
}

beforeAll(() => {
  run('npm', 'pack', root, '--ignore-scripts', '--silent', '--pack-destination', folder);
  run('tar', '-xzf', readdirSync(folder).find((name) => name.endsWith('.tgz'))!);
}, 120_000);

describe('the package', () => {
  it('has what its pages link to', () => {
    const pages = readdirSync(shipped, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
    expect(pages).toContain('docs/hil.md');
    const dead = pages.flatMap((page) =>
      [...readFileSync(join(shipped, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .map(([, link]) => link!)
        .filter((link) => !existsSync(join(shipped, dirname(page), link)))
        .map((link) => `${page}: ${link}`),
    );
    expect(dead).toEqual([]);
  });

  it('has firmware that can be built from a copy of it, with a build hash', ({ skip }) => {
    skip(spawnSync('cc', ['--version']).status !== 0, 'there is no C compiler');
    const copy = join(folder, 'firmware');
    cpSync(join(shipped, 'firmware'), copy, { recursive: true });
    run('make', '-C', copy, 'host');
    expect(buildOfImage(join(copy, 'build/host/tautline-host'))).toMatch(/^[0-9a-f]{64}$/);
  }, 120_000);

  it('has the tool that writes a build hash into any firmware, as the error about an image without one says', () => {
    const image = join(folder, 'app.elf');
    writeFileSync(image, `\x7fELF {"build":"${'0'.repeat(64)}"}`);
    const told = () => {
      try {
        return buildOfImage(image);
      } catch (error) {
        return (error as Error).message;
      }
    };
    const [, tool] = /node (\S+) hash /.exec(told())!;
    expect(tool).toBe(join(root, 'firmware/tools/image.mjs'));
    run('node', join(shipped, 'firmware/tools/image.mjs'), 'hash', image);
    expect(told()).toMatch(/^[0-9a-f]{64}$/);
  });
});
