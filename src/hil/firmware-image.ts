/** Which image an emulated board runs in a test: a committed one, one that is built on demand, or the user's own. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { emulatedBoards, readBootRom, readImage } from '../board/emulated/boards.js';
import { environment } from './environment.js';
import type { FirmwareKind } from './targets.js';

const extensions = { pico: 'bin', uno: 'hex' } as const;
export type BoardFamily = keyof typeof extensions;

/** Virtual time in which an image of the user's shows whether it can run at all. */
const TRIAL_NS = 100e6;

/** @returns undefined: the committed one of that name */
export function imagePath(board: BoardFamily, firmware: FirmwareKind): string | undefined {
  if (environment.image !== null) return environment.image;
  return firmware === 'wrap' || firmware === 'slow' ? built(`${board}-${firmware}.${extensions[board]}`) : undefined;
}

/** Of the user's own; undefined where none is given. */
export function bootRomPath(): string | undefined {
  return environment.bootRom ?? undefined;
}

/** Why there is none; null when there is. */
export function missingImage(board: BoardFamily, firmware: FirmwareKind): string | null {
  for (const [name, given] of Object.entries({ HIL_IMAGE: environment.image, HIL_BOOTROM: environment.bootRom }))
    if (given !== null && !existsSync(given)) return `${name}=${given}: there is no such file`;
  const path = imagePath(board, firmware);
  if (path === undefined || existsSync(path)) return null;
  return `${path} is not there: run "make -C firmware wrap", which needs a cross compiler`;
}

/**
 * Lets an image of the user's run for a moment, so that one that cannot run is a set-up error with its reason.
 * @throws Error as the emulated board says it: no second stage, a boot ROM that is used and not there
 */
export function tryOwnImage(board: BoardFamily): void {
  if (environment.image === null) return;
  const image = readImage(board, environment.image);
  const rom = bootRomPath();
  const bootRom = rom === undefined ? undefined : readBootRom(board, rom);
  emulatedBoards[board].create({ image, bootRom, seed: 1, onByte: () => {} }).runUntil(TRIAL_NS);
}

const built = (name: string): string => fileURLToPath(new URL(`../../firmware/build/${name}`, import.meta.url));
