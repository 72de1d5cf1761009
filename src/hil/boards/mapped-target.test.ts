/** Whether a board of hil-boards.toml can be had: one that is not plugged in is missing, one that cannot be told is an error. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadTarget, type RigOptions } from '../targets.js';
import { nothingListed, plugIn } from '../testing/plugged-in.rig.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tautline-mapped-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function bench(keys: string) {
  const file = join(folder, 'hil-boards.toml');
  writeFileSync(file, `[boards.bench]\n${keys}\n`);
  vi.stubEnv('HIL_BOARDS', file);
  return loadTarget('bench');
}

/** Of a rig that is not to come about. */
const options = { firmware: 'release', seed: 1, needs: [] } as unknown as RigOptions;

describe('a board of the map', () => {
  it.skipIf(process.platform !== 'linux')('that is not plugged in is missing, with the remedy', async () => {
    vi.stubEnv('PATH', plugIn(folder, [{ path: '/dev/ttyACM0', usb: ['2341', '0043', '85431'] }]));
    const { missing } = await bench('usb = "2341:0043:999"');
    expect(missing('release')).toMatch(/^board bench is not there: there is no port 2341:0043:999: plug it in/);
  });

  it.skipIf(process.platform !== 'linux')('that may be one of two is an error, which names both', async () => {
    const ports = ['85431', '85432'].map((serial, i) => ({
      path: `/dev/ttyACM${i}`,
      usb: ['2341', '0043', serial] as const,
    }));
    vi.stubEnv('PATH', plugIn(folder, ports));
    const target = await bench('usb = "2341:0043"');
    expect(target.missing('release')).toBe(null);
    await expect(target.start(options)).rejects.toThrow(
      /^2 ports match boards\.bench\.usb = "2341:0043": \/dev\/ttyACM0, \/dev\/ttyACM1\. Add the serial number/,
    );
  });

  it.skipIf(process.platform !== 'linux')('on a machine that cannot list its ports is an error', async () => {
    vi.stubEnv('PATH', nothingListed(folder));
    const target = await bench('usb = "2341:0043"');
    expect(target.missing('release')).toBe(null);
    await expect(target.start(options)).rejects.toThrow(
      /^boards\.bench\.usb = "2341:0043": the ports cannot be listed: there is no udevadm/,
    );
  });

  it('with a drive is missing while the drive is an empty mount point, and there in its bootloader', async () => {
    const keys = `path = "${join(folder, 'none')}"\nflasher = "uf2"\nvolume = "RPI-RP2"\nimage = { release = "pico.uf2" }`;
    mkdirSync(join(folder, 'RPI-RP2'));
    expect((await bench(keys)).missing('release')).toMatch(
      /^board bench is not there: there is no port .*none: plug it in/,
    );
    writeFileSync(join(folder, 'RPI-RP2', 'INFO_UF2.TXT'), '');
    expect((await bench(keys)).missing('release')).toBe(null);
  });
});
