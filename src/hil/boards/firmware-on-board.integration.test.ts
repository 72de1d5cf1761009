/** Which boards are flashed, and which not: what is at the port is a pseudo-terminal that says what a board could. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PtyLine } from '../../board/testing/pty-line.js';
import { Desk, images } from '../testing/desk.rig.js';
import { buildOnBoard } from './board-build.js';
import { lockDrive } from './board-lock.js';
import { loadBoardMap, type MappedBoard } from './board-map.js';
import { ensureFirmware } from './firmware-on-board.js';

const image = fileURLToPath(new URL('../../../firmware/images/pico.uf2', import.meta.url));
const RUN_MS = 120_000;

const quiet = { waitMs: 0, tell: () => {} };

let folder: string;
let line: PtyLine;
let talk: NodeJS.Timeout | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tautline-firmware-'));
  line = await PtyLine.open();
});
afterEach(async () => {
  clearInterval(talk);
  await line.close();
  rmSync(folder, { recursive: true, force: true });
});

function bench(): MappedBoard {
  const file = join(folder, 'hil-boards.toml');
  writeFileSync(
    file,
    `[boards.bench]
path = "${line.path}"
baud = 9_600
flasher = "command"
flashCommand = "echo {image} >>flashed"
image = { release = "${image}" }\n`,
  );
  return loadBoardMap(file, [])!.boards.get('bench')!;
}

/** As a line at the wrong rate is heard: bytes that nobody sent. */
function noise(bytes: number, everyMs: number): void {
  talk = setInterval(() => line.write(randomBytes(bytes)), everyMs);
}

describe('a board', () => {
  it.each([
    ['too fast for it', 200, 20],
    ['too slow for it: a line becomes two bytes', 2, 100],
  ])(
    'whose bytes make no sense is not flashed: the rate of the map is probably wrong (%s)',
    async (_, bytes, everyMs) => {
      noise(bytes, everyMs);
      const board = bench();
      const refused = await ensureFirmware(board, 'release', quiet).catch((error: Error) => error.message);
      expect(refused).toMatch(
        /^board bench: \d+ bytes came at 9600 baud within 10 s, and made neither lines nor frames: it probably runs at another rate/,
      );
      expect(refused).toContain('Usual ones: 115200, 921600, 57600, 230400, 460800, 1000000');
      expect(refused).toContain(`correct boards.bench.baud in ${board.file}`);
      expect(refused).toContain('so it is not flashed');
      expect(existsSync(join(folder, 'flashed'))).toBe(false);
    },
    RUN_MS,
  );

  it(
    'that speaks nonsense only while it boots is silent, so it may be flashed',
    async () => {
      noise(200, 20);
      // Of so much nonsense something is a line by chance.
      setTimeout(() => line.write(Buffer.from('\n5\nspeed:1\n')), 700);
      setTimeout(() => clearInterval(talk), 1500);
      expect(await buildOnBoard(bench(), 6000)).toEqual({
        build: null,
        why: 'it did not say anything that makes sense within 6 s',
        isNoise: false,
      });
    },
    RUN_MS,
  );
});

describe('a board with a drive', () => {
  const desks: Desk[] = [];
  afterEach(() => {
    for (const desk of desks.splice(0)) desk.close();
  });

  /** In its bootloader: off, and its drive is there. */
  function inBootloader(): { desk: Desk; board: MappedBoard } {
    const desk = new Desk();
    desks.push(desk);
    mkdirSync(join(desk.folder, 'drive'));
    writeFileSync(join(desk.folder, 'drive', 'INFO_UF2.TXT'), '');
    desk.describe(`flasher = "uf2"\nvolume = "drive"\nflashSeconds = 2\nimage = { release = "${images.release}" }`);
    return { desk, board: loadBoardMap(desk.map, [])!.boards.get('desk')! };
  }

  it(
    'is flashed when it tells the right build afterwards, whatever is left of its drive',
    async () => {
      const { desk, board } = inBootloader();
      const image = join(desk.folder, 'drive', 'tautline-host');
      // The bootloader: starts what it has got. A stale mount still shows all of its drive.
      spawn(
        'sh',
        ['-c', `until cmp -s "${image}" "${images.release}"; do sleep 0.1; done; sh desk.sh flash "${images.release}"`],
        {
          cwd: desk.folder,
        },
      );
      expect(await ensureFirmware(board, 'release', quiet)).toBe('flashed');
      expect(existsSync(join(desk.folder, 'drive', 'INFO_UF2.TXT'))).toBe(true);
    },
    RUN_MS,
  );

  it(
    'that does not start what it got is an error that tells of the drive',
    async () => {
      const { desk, board } = inBootloader();
      await expect(ensureFirmware(board, 'release', quiet)).rejects.toThrow(
        new RegExp(
          `uf2 ended well, but the board does not run the image: .*, the board tells none \\(its port did not appear within 30 s\\)\\. ` +
            `There is still a drive at ${desk.folder}/drive: the image is not for this board`,
        ),
      );
    },
    RUN_MS,
  );

  it(
    'has the drive for itself until it has told its build: another run waits',
    async () => {
      const { desk, board } = inBootloader();
      const held = await lockDrive(board, quiet);
      await expect(ensureFirmware(board, 'release', quiet)).rejects.toThrow(
        new RegExp(`the drive ${desk.folder}/drive of board desk is in use by process ${process.pid} `),
      );
      await held.release();
      spawn('sh', ['-c', 'sleep 2; sh desk.sh flash "$0"', images.release], { cwd: desk.folder });
      const flashing = ensureFirmware(board, 'release', quiet);
      await vi.waitUntil(() => existsSync(join(desk.folder, 'drive', 'tautline-host')), { timeout: 30_000 });
      await expect(lockDrive(board, quiet)).rejects.toThrow(/ is in use by process/);
      expect(await flashing).toBe('flashed');
      await (await lockDrive(board, quiet)).release();
    },
    RUN_MS,
  );
});
