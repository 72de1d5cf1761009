/** One board is in one run at a time: from the first test of a file to its last, with flashing and resets between. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type PortLock, takeLock } from '../../board/port-lock.js';
import type { MappedBoard } from './board-map.js';

const POLL_MS = 200;

export interface BoardLockOptions {
  /** How long the board is waited for while another run has it. */
  readonly waitMs: number;
  /** Gets one line when it has to be waited for. */
  readonly tell: (line: string) => void;
  readonly directory?: string;
}

/**
 * Takes the board, by what its entry calls its port: two names for one port are one board.
 * @throws Error that names who has it
 */
export async function lockBoard(board: MappedBoard, { waitMs, tell, directory }: BoardLockOptions): Promise<PortLock> {
  const port = board.path ?? board.usb!;
  const options = {
    name: `board-${encodeURIComponent(port)}`,
    path: port,
    owner: `HIL tests of ${board.name} in ${process.cwd()}`,
    directory,
  };
  const endMs = performance.now() + waitMs;
  for (let told = false; ; told = true) {
    const taken = await takeLock(options);
    if ('release' in taken) return taken;
    const { owner } = taken;
    const whose = owner === null ? 'another process' : `process ${owner.pid} (${owner.command})`;
    if (performance.now() >= endMs) {
      throw new Error(
        `board ${board.name} (${port}) is in use by ${whose}, also after ${waitMs / 1e3} s (HIL_WAIT): wait for it, or end ` +
          `it${owner === null ? '' : ` with \`kill ${owner.pid}\``}`,
      );
    }
    if (!told) tell(`waiting for board ${board.name} (${port}): ${whose} has it`);
    await sleep(POLL_MS);
  }
}
