/** The ways in which an image gets onto a board. Each ends when it is written, or throws why not. Whether it runs, the board tells. */
import { open, readFile } from 'node:fs/promises';
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

/** Resolves with what went wrong at the end, where the board may have the image all the same; null for nothing. */
type Flash = (flashing: Flashing) => Promise<string | null>;

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
  return null;
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
  return null;
};

/** A drive appears, and takes the file. It goes away by itself, or a stale mount keeps it: that says nothing about the board. */
const byUf2: Flash = async ({ board, image, tell }) => {
  const drive = driveOf(board)!;
  const what = `boards.${board.name}: uf2`;
  const { flashSeconds } = board;
  if (isDriveThere(board)) tell(takeAsIs(board, drive));
  else await enterBootloader(board, drive, tell);
  if (!(await turned(() => isDriveThere(board), flashSeconds * 1e3))) {
    throw new Error(
      `${what}: no board showed up as a drive at ${drive} within ${flashSeconds} s (there is no ${UF2_INFO}): hold ` +
        'BOOTSEL while you plug it in, see that the drive is mounted there, or set bootloaderCommand',
    );
  }
  // Its own time: somebody may have needed nearly all of the other to find the button.
  const written = await inTime(flashSeconds * 1e3, writeThrough(image, join(drive, basename(image)))).catch(
    (error: Error) => {
      throw new Error(`${what}: cannot write to ${drive}: ${error.message}`);
    },
  );
  if (written !== undefined) return written;
  throw new Error(
    `${what}: ${image} was not written to ${drive} after ${flashSeconds} s: the board or its cable hangs`,
  );
};

/**
 * @returns what went wrong after the first byte: a board that goes away before the last write has come back has it all the same
 * @throws Error when nothing was written
 */
async function writeThrough(from: string, to: string): Promise<string | null> {
  const bytes = await readFile(from);
  const file = await open(to, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync(); // the system would keep it for half a minute, and nobody unmounts the drive
    await file.close();
    return null;
  } catch (error) {
    await file.close().catch(() => {});
    return (error as Error).message;
  }
}

/** @returns undefined when the work is not done by then; it goes on, and nobody waits for it */
async function inTime<Result>(ms: number, work: Promise<Result>): Promise<Result | undefined> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  return Promise.race([work, late]).finally(() => over.abort());
}

/**
 * Nobody has asked for that drive yet: somebody held BOOTSEL beforehand, of this board or of another one.
 * @returns the line that says so
 * @throws Error where the map has another board that it may be
 */
function takeAsIs({ name, sharesDriveWith: others }: MappedBoard, drive: string): string {
  const early = `a board was in its bootloader before anybody asked for it, with its drive at ${drive}`;
  if (others.length === 0) return `board ${name}: ${early}: it is taken for this one`;
  throw new Error(
    `boards.${name}: uf2: ${early}. ${others.map((other) => `boards.${other}`).join(' and ')} has that drive, too, so it may be ` +
      'that one: nothing was written. Start the board, and begin again; or give each board a drive or a flasher of its own ' +
      '(docs/hil.md, "Several Picos").',
  );
}

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
async function turned(condition: () => boolean, withinMs: number): Promise<boolean> {
  const endMs = performance.now() + withinMs;
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
