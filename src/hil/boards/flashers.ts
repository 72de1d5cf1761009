/** The ways in which an image gets onto a board. Each ends when it is written, or throws why not. */
import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MappedBoard } from './board-map.js';
import { filled, runProgram } from './run-program.js';
import { driveOf, isDriveThere, UF2_INFO } from './uf2-drive.js';

export interface Flashing {
  readonly board: MappedBoard;
  /** Path of the image. */
  readonly image: string;
  /** The board's port; null while it has none. */
  readonly port: string | null;
  /** Gets a line when somebody has to do something. */
  readonly tell: (line: string) => void;
}

type Flash = (flashing: Flashing) => Promise<void>;

const POLL_MS = 100;

const byAvrdude: Flash = async ({ board, image, port }) => {
  const { programmer, part, baud } = board.avrdude;
  await runProgram({
    what: `boards.${board.name}: avrdude`,
    // -D: a bootloader erases page by page, and cannot erase the chip.
    command: [
      'avrdude',
      ...['-c', programmer, '-p', part, '-P', needed(port, board), '-b', String(baud)],
      ...['-D', '-U', `flash:w:${image}:i`],
    ],
    folder: board.folder,
    timeoutMs: board.flashSeconds * 1e3,
  });
};

const byCommand: Flash = async ({ board, image, port }) => {
  const template = board.flashCommand!;
  const values = { image, port: template.includes('{port}') ? needed(port, board) : '' };
  await runProgram({
    what: `boards.${board.name}.flashCommand`,
    command: filled(template, values),
    folder: board.folder,
    timeoutMs: board.flashSeconds * 1e3,
  });
};

/** A drive appears, takes the file, and goes away when the board has written it and starts it. */
const byUf2: Flash = async ({ board, image, tell }) => {
  const volume = driveOf(board)!;
  const what = `boards.${board.name}: uf2`;
  const endMs = performance.now() + board.flashSeconds * 1e3;
  const isThere = () => isDriveThere(board);
  if (!isThere()) await enterBootloader(board, volume, tell);
  if (!(await turned(isThere, endMs))) {
    throw new Error(
      `${what}: no board showed up as a drive at ${volume} within ${board.flashSeconds} s (there is no ${UF2_INFO}): hold ` +
        'BOOTSEL while you plug it in, see that the drive is mounted there, or set bootloaderCommand',
    );
  }
  let failure = '';
  try {
    copyFileSync(image, join(volume, basename(image)));
  } catch (error) {
    failure = (error as Error).message; // a board that goes away before the last write has come back has it all the same
  }
  if (await turned(() => !isThere(), endMs)) return;
  const reason = failure === '' ? 'it is not an image for this board, or the board hangs' : failure;
  throw new Error(`${what}: ${volume} is still there ${board.flashSeconds} s after it got ${image}: ${reason}`);
};

async function enterBootloader(board: MappedBoard, volume: string, tell: (line: string) => void): Promise<void> {
  const { name, folder, bootloaderCommand, flashSeconds } = board;
  if (bootloaderCommand === undefined) {
    tell(`board ${name}: hold BOOTSEL and plug it in; waiting ${flashSeconds} s for ${volume}`);
    return;
  }
  const what = `boards.${name}.bootloaderCommand`;
  await runProgram({ what, command: bootloaderCommand, folder, timeoutMs: flashSeconds * 1e3 });
}

/** Whether it did, in time. */
async function turned(condition: () => boolean, endMs: number): Promise<boolean> {
  while (!condition()) {
    if (performance.now() > endMs) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function needed(port: string | null, { name, path, usb }: MappedBoard): string {
  if (port !== null) return port;
  throw new Error(`boards.${name}: there is no port ${path ?? usb} to write the image through: plug the board in`);
}

export const flashers: Readonly<Record<Exclude<MappedBoard['flasher'], 'none'>, Flash>> = {
  uf2: byUf2,
  avrdude: byAvrdude,
  command: byCommand,
};
