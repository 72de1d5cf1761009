/** Debian's simavr with an Uno around it: a program of its own, built on demand from `hil-tests/simavr`. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { unoEeprom } from '../board/emulated/boards.js';
import type { EmulatorChildOptions } from '../board/emulator-child.js';
import { environment } from './environment.js';
import type { FirmwareKind } from './targets.js';

const inProject = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const simavrProgram = inProject('hil-tests/simavr/build/uno-simavr');

/** The same program as the emulated Uno's `.hex`. */
export function simavrImage(firmware: FirmwareKind): string {
  if (environment.image !== null) return environment.image;
  if (firmware === 'wrap') return inProject('firmware/build/uno-wrap.elf');
  return inProject(`firmware/images/uno${firmware === 'test' ? '-test' : ''}.elf`);
}

/** Why it cannot run; null when it can. */
export function missingSimavr(firmware: FirmwareKind): string | null {
  if (!existsSync(simavrProgram))
    return `${simavrProgram} is not there: run "make -C hil-tests/simavr", which needs Debian's libsimavr-dev and libelf-dev`;
  const image = simavrImage(firmware);
  if (existsSync(image)) return null;
  if (environment.image !== null) return `HIL_IMAGE=${image}: there is no such file`;
  return `${image} is not there: run "make -C firmware wrap", which needs a cross compiler`;
}

/** It speaks as `tautline emulate` does. @returns how to start the board of a seed */
export const simavr =
  (firmware: FirmwareKind) =>
  (seed: number): EmulatorChildOptions => ({
    board: 'uno',
    command: [simavrProgram, 'pty', simavrImage(firmware), Buffer.from(unoEeprom(seed)).toString('hex')],
  });
