import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { buildOfImage } from './image-build.js';

const folder = mkdtempSync(join(tmpdir(), 'tautline-image-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const committed = (name: string) => fileURLToPath(new URL(`../../../firmware/images/${name}`, import.meta.url));
const BUILD = /"build":"([0-9a-f]{64})"/;

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe('the build hash of an image', () => {
  it('is read from a .bin, and is the same in the .uf2 of the same build', () => {
    const [, build] = BUILD.exec(readFileSync(committed('pico.bin'), 'latin1'))!;
    expect(buildOfImage(committed('pico.bin'))).toBe(build);
    expect(buildOfImage(committed('pico.uf2'))).toBe(build);
  });

  it('is read from Intel HEX, where no line holds it whole', () => {
    expect(readFileSync(committed('uno.hex'), 'latin1')).not.toMatch(BUILD);
    expect(buildOfImage(committed('uno.hex'))).toMatch(/^[0-9a-f]{64}$/);
    expect(buildOfImage(committed('uno.hex'))).not.toBe(buildOfImage(committed('uno-test.hex')));
  });

  it('is read from Intel HEX of a chip with more than 64 KiB, whatever the order of its records', () => {
    const record = (address: number, type: number, data: readonly number[]) => {
      const bytes = [data.length, address >> 8, address & 0xff, type, ...data];
      const sum = -bytes.reduce((total, byte) => total + byte, 0) & 0xff;
      return `:${Buffer.from([...bytes, sum])
        .toString('hex')
        .toUpperCase()}`;
    };
    const descriptor = [...Buffer.from(`{"build":"${'ab'.repeat(32)}"}`)];
    const data = Array.from({ length: Math.ceil(descriptor.length / 16) }, (_, i) =>
      record(i * 16, 0, descriptor.slice(i * 16, i * 16 + 16)),
    );
    const lines = [record(0, 4, [0x08, 0x00]), ...data.reverse(), record(0, 5, [8, 0, 0, 1]), record(0, 1, [])];
    expect(buildOfImage(file('stm32.hex', lines.join('\n')))).toBe('ab'.repeat(32));
  });

  it.each([
    ['a HEX file that was cut off', file('cut.hex', ':00000004FC'), /cut\.hex: the HEX file has no end record/],
    ['a file that is not there', join(folder, 'none.bin'), /cannot read the image .*none\.bin/],
    ['a sketch without a descriptor', file('sketch.bin', 'temperature:21.5'), /holds no descriptor with a "build"/],
    ['a hash that nobody has written in', file('raw.bin', `"build":"${'0'.repeat(64)}"`), /a build hash of zeros/],
    [
      'two hashes',
      file('two.bin', `"build":"${'a'.repeat(64)}" "build":"${'b'.repeat(64)}"`),
      /holds 2 different build hashes/,
    ],
    [
      'a UF2 file that was cut off',
      file('cut.uf2', readFileSync(committed('pico.uf2')).subarray(0, 1000)),
      /block 1 is/,
    ],
  ])('is refused of %s', (_, path, reason) => {
    expect(() => buildOfImage(path)).toThrow(reason);
  });
});
