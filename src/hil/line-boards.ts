/** Boards whose line is taken through our own hands in real time: an emulator or the host's firmware that the kit starts itself. */
import type { ResetBy } from '../board/emulated/board.js';
import { EmulatorChild, type EmulatorChildOptions } from '../board/emulator-child.js';
import { boardConfig } from './bridge-config.js';
import type { BackEnd } from './fault-table.js';
import { HostProcess } from './host-process.js';
import { LineProxy } from './line-proxy.js';
import type { BoardHandle } from './real-rig.js';
import type { RigOptions } from './targets.js';

/** A board at the far end of a line that can be damaged. */
export interface LineBoard {
  readonly kind: BackEnd;
  /** Bits per second; undefined: the kit's own. */
  readonly baud?: number | undefined;
  /** Its port now; null while there is none. */
  path(): string | null;
  reset?(by: ResetBy, proxy: LineProxy): Promise<void>;
  /** Afterwards `path` is another board's. */
  swap?(): Promise<void>;
  /** Of the file in which an emulator tells how late it is. */
  lagPath?(): string | null;
  close(): Promise<void>;
}

/** Whether a test needs the line in our hands. */
export const needsLine = ({ needs }: RigOptions): boolean => needs.includes('faults') || needs.includes('unplug');

/** @throws Error when the board's port cannot be opened */
export async function throughProxy(board: LineBoard, { seed }: RigOptions): Promise<BoardHandle> {
  const { kind, swap, baud } = board;
  const proxy = await LineProxy.open({
    kind,
    seed,
    boardPath: () => board.path(),
    baud: boardConfig('', baud).baud,
    ...(swap === undefined ? {} : { swap: () => board.swap!() }),
  }).catch(async (error: unknown) => {
    await board.close();
    throw error;
  });
  return {
    path: proxy.path,
    baud,
    faults: (trace) => proxy.faults(trace),
    unplug: (_, ms) => proxy.unplug(ms),
    ...(board.reset === undefined ? {} : { reset: (_, by) => board.reset!(by, proxy) }),
    ...(board.lagPath === undefined ? {} : { lagPath: () => board.lagPath!() }),
    close: async () => {
      await proxy.close();
      await board.close();
    },
  };
}

/** An emulator as a process; each board of its own seed. */
export function emulatorLine(seed: number, emulator: (seed: number) => EmulatorChildOptions): LineBoard {
  const start = (ofSeed: number): EmulatorChild => {
    const child = new EmulatorChild(emulator(ofSeed));
    child.start();
    return child;
  };
  let boards = 1;
  let child = start(seed);
  return {
    kind: 'pty',
    path: () => child.port,
    reset: async (by) => {
      child.tell(by === 'powerOn' ? 'power' : 'reset');
    },
    swap: async () => {
      await child.stop();
      child = start(seed + boards++);
    },
    // The bridge cannot know that a board behind our pseudo-terminal is emulated, so it does not ask.
    lagPath: () => child.lagPath,
    close: () => child.stop(),
  };
}

export async function hostLine({ firmware, seed }: RigOptions): Promise<LineBoard> {
  let boards = 1;
  let board = await HostProcess.start(firmware, seed);
  return {
    kind: 'pty',
    path: () => board.path,
    reset: async () => board.pressReset(),
    swap: async () => {
      await board.end();
      board = await HostProcess.start(firmware, seed + boards++);
    },
    close: () => board.end(),
  };
}

/** A board that is really there, with our pseudo-terminal before its port. */
export const portLine = (path: string, baud: number | undefined): LineBoard => ({
  kind: 'port',
  baud,
  path: () => path,
  close: async () => {},
});
