/** Which image an emulated board runs in a test: a committed one, one that is built on demand, or the user's own. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { environment } from './environment.js';
import type { FirmwareKind } from './targets.js';

const extensions = { pico: 'bin', uno: 'hex' } as const;
export type BoardFamily = keyof typeof extensions;

/** @returns undefined: the committed one of that name */
export function imagePath(board: BoardFamily, firmware: FirmwareKind): string | undefined {
  if (environment.image !== null) return environment.image;
  return firmware === 'wrap' ? built(`${board}-wrap.${extensions[board]}`) : undefined;
}

/** Why there is none; null when there is. */
export function missingImage(board: BoardFamily, firmware: FirmwareKind): string | null {
  const path = imagePath(board, firmware);
  if (path === undefined || existsSync(path)) return null;
  if (environment.image !== null) return `HIL_IMAGE=${path}: there is no such file`;
  return `${path} is not there: run "make -C firmware wrap", which needs a cross compiler`;
}

const built = (name: string): string => fileURLToPath(new URL(`../../firmware/build/${name}`, import.meta.url));
