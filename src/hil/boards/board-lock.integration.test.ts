import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PtyLine } from '../../board/testing/pty-line.js';
import { loadTarget, type RigOptions } from '../targets.js';
import { plugIn } from '../testing/plugged-in.rig.js';
import { Trace } from '../trace.js';
import { lockBoard, lockBoardAt } from './board-lock.js';
import { loadBoardMap, type MappedBoard } from './board-map.js';

const built = new URL('../../../dist/hil/boards/board-lock.js', import.meta.url);
const builtTargets = new URL('../../../dist/hil/targets.js', import.meta.url);
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
async function otherRun(board: MappedBoard, directory: string | null = folder) {
  const program = join(folder, 'other.mjs');
  const options = `{ waitMs: 0, tell() {}, directory: ${JSON.stringify(directory)} ?? undefined }`;
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

describe('a board with a port', () => {
  const lines: PtyLine[] = [];
  afterEach(async () => {
    vi.unstubAllEnvs();
    for (const line of lines.splice(0)) await line.close();
  });
  const open = async () => {
    const line = await PtyLine.open();
    lines.push(line);
    return line;
  };
  const now = () => ({ waitMs: 0, tell: () => {}, directory: folder });

  it('is one board, whatever it is called: by its device, a link, a USB id, in another map, or without a map', async () => {
    const { path } = await open();
    const link = join(folder, 'ttyACM0');
    symlinkSync(path, link);
    vi.stubEnv('PATH', plugIn(folder, [{ path: link, usb: ['2341', '0043', '85431'] }]));
    const spellings = [
      `path = "${realpathSync(path)}"`,
      `path = "${link}"`,
      'usb = "2341:0043"',
      'usb = "2341:0043:85431"',
    ];
    const named = spellings.map((keys, i) => boards(`[boards.b${i}]\n${keys}`)[0]!);
    const takes = [...named.map((board) => () => lockBoard(board, now())), () => lockBoardAt(path, now())];
    for (const take of takes) {
      const lock = await take();
      for (const another of takes) await expect(another()).rejects.toThrow(/ is in use by process/);
      await lock.release();
    }
  });

  it('is another one at another port', async () => {
    const [one, another] = [await open(), await open()];
    const locks = [await lockBoardAt(one.path, now()), await lockBoardAt(another.path, now())];
    for (const lock of locks) await lock.release();
  });

  it('stays locked while it is away, and is locked as what it comes back as', async () => {
    const line = await open();
    const before = realpathSync(line.path);
    const [bench] = boards(`[boards.bench]\npath = "${line.path}"`);
    const lock = await lockBoard(bench!, now());
    await line.unplug();
    await expect(lockBoard(bench!, now())).rejects.toThrow(/board bench .* is in use/);
    const other = await open(); // takes the number that has become free
    await line.replug();
    await lock.follow();
    expect(realpathSync(other.path)).toBe(before);
    await expect(lockBoardAt(realpathSync(line.path), now())).rejects.toThrow(/ is in use/);
    await (await lockBoardAt(other.path, now())).release();
    await lock.release();
    await (await lockBoardAt(realpathSync(line.path), now())).release();
  });

  it('that is named by its port alone is held over a file of tests, and refused to another run', async () => {
    const { path } = await open();
    const [bench] = boards(`[boards.bench]\npath = "${path}"`);
    const other = await otherRun(bench!, null);
    vi.stubEnv('HIL_WAIT', '0');
    const target = await loadTarget(realpathSync(path));
    await expect(target.start({ firmware: 'release', seed: 1, needs: [] } as unknown as RigOptions)).rejects.toThrow(
      `the board at ${realpathSync(path)} is in use by process ${other.pid} (HIL tests of bench`,
    );
    await target.stop();
    other.send('end');
    await once(other, 'exit');
  });

  it.each(['by its entry', 'by its port'])(
    'is locked for the next test as what it has come back as (%s)',
    async (how) => {
      const line = await open();
      boards(`[boards.bench]\npath = "${line.path}"`);
      vi.stubEnv('HIL_BOARDS', join(folder, 'hil-boards.toml'));
      vi.stubEnv('HIL_WAIT', '0');
      const kit: typeof import('../targets.js') = await import(builtTargets.href); // a bridge with its workers
      const target = await kit.loadTarget(how === 'by its entry' ? 'bench' : line.path);
      const nothing = () => expect.fail('nothing is tested here');
      const trace = (nowUs: () => number) =>
        new Trace({ nowUs, isRealTime: true, replay: '', inconclusive: nothing, refuse: nothing, marginal: nothing });
      const test = async () => (await target.start({ firmware: 'release', seed: 1, needs: [], trace })).close();
      await test();
      await line.unplug();
      await open();
      await line.replug();
      await test();
      const away = { waitMs: 0, tell: () => {} };
      await expect(lockBoardAt(realpathSync(line.path), away)).rejects.toThrow(/ is in use by process/);
      await target.stop();
      await (await lockBoardAt(realpathSync(line.path), away)).release();
    },
  );
});
