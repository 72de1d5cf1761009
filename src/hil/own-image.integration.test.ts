/** HIL_IMAGE and HIL_BOOTROM: an image of the user's own on the emulated board. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { romUser, smallBootRom } from '../board/emulated/test-programs.js';
import { runTests } from './testing/child-run.rig.js';

const RUN_MS = 240_000;
const folder = mkdtempSync(join(tmpdir(), 'tautline-own-image-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const image = join(folder, 'image.bin');
const rom = join(folder, 'rom.bin');
writeFileSync(image, romUser);
writeFileSync(rom, smallBootRom);

const first = (environment: Record<string, string>) =>
  runTests({ file: 'plain.rig.ts', folder, environment: { HIL_IMAGE: image, ...environment } }).tests[0]!.meta.hil;

it.each(['pico', 'pico-pty'])(
  'an image that uses the boot ROM is a set-up error on %s, with the reason and the remedy',
  (target) => {
    const { verdict, reason, again } = first({ HIL_TARGET: target });
    expect(verdict).toBe('set-up error');
    expect(reason).toMatch(/uses the boot ROM: it reads 0x00000014 .*HIL_BOOTROM=FILE/);
    expect(again).toContain(`HIL_IMAGE=${image} HIL_TARGET=${target} `);
  },
  RUN_MS,
);

it(
  'runs with it: this one then says nothing, which is a failure of the test and of nothing before',
  () => {
    const { verdict, reason } = first({ HIL_TARGET: 'pico', HIL_BOOTROM: rom });
    expect(verdict).toBe('fail');
    expect(reason).toMatch(/the board streams and is live: not within 15000 ms of virtual time/);
  },
  RUN_MS,
);

it(
  'a boot ROM that is not there is told by its name',
  () => {
    const { verdict, reason } = first({ HIL_TARGET: 'pico', HIL_BOOTROM: join(folder, 'none') });
    expect(verdict).toBe('skipped');
    expect(reason).toMatch(/^HIL_BOOTROM=.*none: there is no such file$/);
  },
  RUN_MS,
);
