import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockBoard } from './board-lock.js';
import { loadBoardMap, type MappedBoard } from './board-map.js';

const built = new URL('../../../dist/hil/boards/board-lock.js', import.meta.url);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tautline-board-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function boards(text: string): MappedBoard[] {
  const file = join(folder, 'hil-boards.toml');
  writeFileSync(file, text);
  return [...loadBoardMap(file, [])!.boards.values()];
}

/** Another run has the board, until it is told to end. */
async function otherRun(board: MappedBoard) {
  const program = join(folder, 'other.mjs');
  const options = `{ waitMs: 0, tell() {}, directory: ${JSON.stringify(folder)} }`;
  writeFileSync(
    program,
    `import { lockBoard } from ${JSON.stringify(built.href)};
const lock = await lockBoard(${JSON.stringify(board)}, ${options});
process.send('held');
process.on('message', async () => { await lock.release(); process.exit(); });`,
  );
  const child = fork(program, { execArgv: [] });
  await once(child, 'message');
  return child;
}

it('refuses a board that another run has, and names that run', async () => {
  const [bench] = boards('[boards.bench]\npath = "/dev/ttyACM7"');
  const other = await otherRun(bench!);
  const told: string[] = [];
  const refused = await lockBoard(bench!, { waitMs: 0, tell: (line) => told.push(line), directory: folder }).catch(
    (error: Error) => error.message,
  );
  const whose = `process ${other.pid} (HIL tests of bench in ${process.cwd()})`;
  expect(refused).toContain(`board bench (/dev/ttyACM7) is in use by ${whose}`);
  expect(refused).toContain(`kill ${other.pid}`);
  other.kill();
  await once(other, 'exit');
});

it('waits for it, says so once, and has it when the other has ended; also when that was killed', async () => {
  const [bench] = boards('[boards.bench]\npath = "/dev/ttyACM7"');
  for (const end of ['message', 'SIGKILL'] as const) {
    const other = await otherRun(bench!);
    const told: string[] = [];
    const wanted = lockBoard(bench!, {
      waitMs: 60_000,
      tell: (line) => {
        told.push(line);
        if (end === 'message') other.send('end');
        else other.kill(end);
      },
      directory: folder,
    });
    const lock = await wanted;
    expect(told).toEqual([expect.stringMatching(new RegExp(`^waiting for board bench .*process ${other.pid} `))]);
    await lock.release();
  }
});

it('is of the port, so that two names of it are one board, and two boards are two', async () => {
  const [one, same, another] = boards(`[boards.one]
path = "/dev/ttyACM7"
[boards.same]
path = "/dev/ttyACM7"
[boards.another]
usb = "2341:0043"`);
  const options = { waitMs: 0, tell: () => {}, directory: folder };
  const lock = await lockBoard(one!, options);
  await expect(lockBoard(same!, options)).rejects.toThrow(/board same .* is in use by process/);
  await (await lockBoard(another!, options)).release();
  await lock.release();
  await (await lockBoard(same!, options)).release();
});
