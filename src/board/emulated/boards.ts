import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { imageFromHex } from './atmega328p/intel-hex.js';
import type { EmulatedBoard, EmulatedBoardOptions } from './board.js';
import { EmulatedPico } from './pico.js';
import { bootRomFrom } from './rp2040/boot-rom.js';
import { EmulatedUno } from './uno.js';

interface BoardKind {
  /** Image under `firmware/images/`. */
  readonly image: string;
  readonly create: (options: EmulatedBoardOptions) => EmulatedBoard;
}

/** Boards that can be emulated, by the name in `emulated:<name>` and `tautline emulate <name>`. */
export const emulatedBoards = {
  pico: { image: 'pico.bin', create: (options) => new EmulatedPico(options) },
  /** The same with fault commands. */
  'pico-test': { image: 'pico-test.bin', create: (options) => new EmulatedPico(options) },
  uno: { image: 'uno.hex', create: uno },
  'uno-test': { image: 'uno-test.hex', create: uno },
} as const satisfies Record<string, BoardKind>;

function uno(options: EmulatedBoardOptions): EmulatedBoard {
  const image = imageFromHex(options.image);
  return new EmulatedUno({ ...options, image, eeprom: unoEeprom(options.seed) });
}

const BOOTS_MAX = 2 ** 20;
/** As firmware/port/atmega328p/boots.c keeps them. */
const BOOT_RECORDS = 64;
const BOOT_RECORD_BYTES = 5;

/** As many boots behind it as the seed says: boards that count them tell themselves apart by that. */
export function unoEeprom(seed: number): Uint8Array {
  const boots = 1 + (Math.abs(seed) % BOOTS_MAX);
  const at = (boots % BOOT_RECORDS) * BOOT_RECORD_BYTES;
  const eeprom = new Uint8Array(BOOT_RECORDS * BOOT_RECORD_BYTES).fill(0xff);
  const view = new DataView(eeprom.buffer);
  view.setUint32(at, boots, true);
  view.setUint8(at + 4, 0xa5 ^ boots ^ (boots >> 8) ^ (boots >> 16) ^ (boots >> 24));
  return eeprom;
}

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
  return fileURLToPath(new URL(`../../../firmware/images/${emulatedBoards[name].image}`, import.meta.url));
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

/**
 * @param path of the 16 KiB at address 0 of an RP2040
 * @throws Error that says what is wrong with the file, or that the board has no such ROM
 */
export function readBootRom(name: EmulatedBoardName, path: string): Uint8Array {
  if (!name.startsWith('pico')) throw new Error(`An emulated ${name} has no boot ROM: leave ${path} out.`);
  try {
    const file = readFileSync(path);
    bootRomFrom(file);
    return file;
  } catch (error) {
    throw new Error(`Cannot use ${path} as boot ROM: ${(error as Error).message}`);
  }
}
