/** One board is in one run at a time: from the first test of a file to its last, with flashing and resets between. */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deviceName, type PortLock, takeLock } from '../../board/port-lock.js';
import type { MappedBoard } from './board-map.js';
import { portOf } from './board-port.js';
import { driveOf } from './uf2-drive.js';

const POLL_MS = 200;

export interface BoardLockOptions {
  /** How long it is waited for while another run has it. */
  readonly waitMs: number;
  /** Gets one line when it has to be waited for. */
  readonly tell: (line: string) => void;
  readonly directory?: string;
}

/** Whose port it is, for messages and for whoever is refused. */
interface Lockable {
  /** `board bench (2341:0043)`. */
  readonly title: string;
  /** As it is called: a path, or a USB id. */
  readonly port: string;
  readonly owner: string;
  /** Its path now; null while it is not plugged in. */
  find(): Promise<string | null>;
}

/**
 * @throws Error that names who has it; and when nobody can tell which port it is
 */
export function lockBoard(board: MappedBoard, options: BoardLockOptions): Promise<BoardLock> {
  const { name, path, usb } = board;
  const port = path ?? usb!;
  const find = async () => (await portOf(board))?.path ?? null;
  return BoardLock.take({ title: `board ${name} (${port})`, port, owner: ownerOf(name), find }, options);
}

/** Of a board that is named by its port alone. @throws Error that names who has it */
export function lockBoardAt(port: string, options: BoardLockOptions): Promise<BoardLock> {
  return BoardLock.take({ title: `the board at ${port}`, port, owner: ownerOf(port), find: async () => port }, options);
}

/** Of the drive that boards in their bootloader show, one after the other. @throws Error that names who has it */
export async function lockDrive(board: MappedBoard, options: BoardLockOptions): Promise<PortLock> {
  const drive = await canonical(driveOf(board)!);
  const title = `the drive ${drive} of board ${board.name}`;
  return takeWhenFree(
    { name: `volume-${encodeURIComponent(drive)}`, path: drive, title, owner: ownerOf(board.name) },
    options,
  );
}

const ownerOf = (name: string): string => `HIL tests of ${name} in ${process.cwd()}`;

/**
 * Two locks. One is of the name: it holds while the board is away, in its bootloader or without power. The other is of the
 * device behind it: a link, a by-id path, a USB id and `/dev/ttyACM0` are one board.
 */
export class BoardLock {
  #device: { readonly name: string; readonly lock: PortLock } | null = null;

  private constructor(
    private readonly board: Lockable,
    private readonly options: BoardLockOptions,
    private readonly named: PortLock,
  ) {}

  static async take(board: Lockable, options: BoardLockOptions): Promise<BoardLock> {
    const { port: path, title, owner } = board;
    const named = await takeWhenFree({ name: `board-${encodeURIComponent(path)}`, path, title, owner }, options);
    const lock = new BoardLock(board, options, named);
    try {
      await lock.follow();
      return lock;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** The board may have come back as another device, after a flash or without power: then that one is locked. */
  async follow(): Promise<void> {
    const { title, owner, find } = this.board;
    for (;;) {
      const path = await find();
      const name = path === null ? null : await lockNameOf(path);
      if (path === null || name === null || name === this.#device?.name) return;
      const lock = await takeWhenFree({ name, path, title, owner }, this.options);
      await this.#device?.lock.release();
      // Once more: it may be another one by now, when it had to be waited for.
      this.#device = { name, lock };
    }
  }

  /** Never rejects; safe to call twice. */
  async release(): Promise<void> {
    await this.#device?.lock.release();
    await this.named.release();
  }
}

/** Null where there is no device. */
async function lockNameOf(path: string): Promise<string | null> {
  const device = await stat(path).catch(() => null);
  return device && `board-${deviceName(device)}`;
}

/** The path without links; of what is not there yet, as far as it is there. */
async function canonical(path: string): Promise<string> {
  const up = dirname(path);
  return realpath(path).catch(async () => (up === path ? path : join(await canonical(up), basename(path))));
}

interface Wanted {
  readonly name: string;
  readonly path: string;
  readonly title: string;
  readonly owner: string;
}

async function takeWhenFree(
  { title, ...wanted }: Wanted,
  { waitMs, tell, directory }: BoardLockOptions,
): Promise<PortLock> {
  const endMs = performance.now() + waitMs;
  for (let told = false; ; told = true) {
    const taken = await takeLock({ ...wanted, directory });
    if ('release' in taken) return taken;
    const { owner } = taken;
    const whose = owner === null ? 'another process' : `process ${owner.pid} (${owner.command})`;
    if (performance.now() >= endMs) {
      throw new Error(
        `${title} is in use by ${whose}, also after ${waitMs / 1e3} s (HIL_WAIT): wait for it, or end ` +
          `it${owner === null ? '' : ` with \`kill ${owner.pid}\``}`,
      );
    }
    if (!told) tell(`waiting for ${title}: ${whose} has it`);
    await sleep(POLL_MS);
  }
}
