/** Sees to it that a board runs the image that a test is about: what it runs already is not written again. */
import { resolve } from 'node:path';
import type { FirmwareKind } from '../targets.js';
import { buildOnBoard } from './board-build.js';
import { type BoardLockOptions, lockDrive } from './board-lock.js';
import type { MappedBoard } from './board-map.js';
import { portOf } from './board-port.js';
import { flashers } from './flashers.js';
import { buildOfImage } from './image-build.js';
import { driveOf, isDriveThere } from './uf2-drive.js';

/** A bootloader's pause, the greeting, the descriptor, on a busy machine. */
const ASK_MS = 10_000;
/** To be wrong here is a set-up error, not a needless write. */
const VERIFY_MS = 30_000;

/** @returns path; null when the map gives none, so that nobody says what the board is to run */
export function imageFor(board: MappedBoard, firmware: FirmwareKind): string | null {
  const image = board.image[firmware];
  return image === undefined ? null : resolve(board.folder, image);
}

/**
 * Compares build hashes, writes the image when they differ, and compares again.
 * @param options for the drive that several boards may share; `tell` gets a line about each thing that takes its time
 * @throws Error when the image cannot be used or written, or the board tells another hash afterwards: with both
 */
export async function ensureFirmware(
  board: MappedBoard,
  firmware: FirmwareKind,
  options: BoardLockOptions,
): Promise<'there' | 'flashed'> {
  const { tell } = options;
  const image = imageFor(board, firmware);
  if (image === null) return 'there';
  const wanted = buildOfImage(image);
  const before = (await portOf(board)) === null ? NO_PORT : await buildOnBoard(board, ASK_MS);
  if (before.build === wanted) return 'there';
  if (before.build === null && before.isNoise)
    throw new Error(
      `board ${board.name}: ${before.why}. It may run the image already, so it is not flashed; if it runs something else, flash it once yourself.`,
    );
  const runs = before.build === null ? `tells no build hash (${before.why})` : `runs build ${before.build}`;
  const differs = `board ${board.name} ${runs}, and ${image} is build ${wanted}`;
  const { flasher } = board;
  if (flasher === 'none') throw new Error(`${differs}: flash it, or set its flasher in ${board.file}`);
  tell(`${differs}: flashing with ${flasher}`);
  const drive = board.volume === undefined ? null : await lockDrive(board, options);
  try {
    await write(board, { flasher, image, wanted, tell });
    return 'flashed';
  } finally {
    await drive?.release();
  }
}

interface Written {
  readonly flasher: keyof typeof flashers;
  readonly image: string;
  /** Its build hash. */
  readonly wanted: string;
  readonly tell: (line: string) => void;
}

/** What decides is what the board tells afterwards. */
async function write(board: MappedBoard, { flasher, image, wanted, tell }: Written): Promise<void> {
  const port = (await portOf(board))?.path ?? null;
  const doubt = await flashers[flasher]({ board, image, port, tell });
  const after = await buildOnBoard(board, VERIFY_MS);
  if (after.build === wanted) return;
  const ended = doubt === null ? 'ended well, but' : `ended with "${doubt}", and`;
  const runs = after.build === null ? `tells none (${after.why})` : `tells ${after.build}`;
  const look = isDriveThere(board)
    ? `There is still a drive at ${driveOf(board)}: the image is not for this board, the drive is another board's, or its mount was left over.`
    : `Look whether it is the board that ${board.file} names.`;
  throw new Error(
    `board ${board.name}: ${flasher} ${ended} the board does not run the image: ${image} has build hash ${wanted}, the ` +
      `board ${runs}. ${look}`,
  );
}

const NO_PORT = { build: null, why: 'it has no port', isNoise: false } as const;
