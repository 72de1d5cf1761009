import { readFileSync } from 'node:fs';
import { EmulatedPico, type EmulatedPicoOptions } from './pico.js';

/** What the rest of the project needs of an emulated board, whatever its processor. Times are virtual, in ns since power-on. */
export type EmulatedBoard = EmulatedPico;

interface BoardKind {
  /** Image under `firmware/images/`. */
  readonly image: string;
  readonly create: (options: EmulatedPicoOptions) => EmulatedBoard;
}

/** Boards that can be emulated, by the name in `emulated:<name>` and `tautline emulate <name>`. */
export const emulatedBoards = {
  pico: { image: 'pico.bin', create: (options) => new EmulatedPico(options) },
  /** The same with fault commands. */
  'pico-test': { image: 'pico-test.bin', create: (options) => new EmulatedPico(options) },
} as const satisfies Record<string, BoardKind>;

export type EmulatedBoardName = keyof typeof emulatedBoards;

/**
 * The name, checked.
 * @throws Error that lists the names that exist
 */
export function emulatedBoardName(name: string): EmulatedBoardName {
  if (Object.hasOwn(emulatedBoards, name)) return name as EmulatedBoardName;
  throw new Error(`There is no emulated board "${name}". There are: ${Object.keys(emulatedBoards).join(', ')}.`);
}

/** The committed image of a board: `firmware/images/` beside `src/` or `dist/`. */
function imagePath(name: EmulatedBoardName): string {
  return new URL(`../../../firmware/images/${emulatedBoards[name].image}`, import.meta.url).pathname;
}

/**
 * Reads an image.
 * @param path undefined: the committed one
 * @throws Error that says which file is missing and how to make it
 */
export function readImage(name: EmulatedBoardName, path: string = imagePath(name)): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Cannot read the firmware image ${path} (${reason}). Make it with "make -C firmware", or give another with --image.`,
    );
  }
}
