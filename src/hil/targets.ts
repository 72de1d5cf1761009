/** What a run tests: `HIL_TARGET` names it. */
import { loadBoardMap } from './boards/board-map.js';
import type { Capability } from './capabilities.js';
import { environment } from './environment.js';
import type { Rig } from './rig.js';
import type { Trace } from './trace.js';

/**
 * `test`: with fault commands. `wrap`: with them, and with clock and sequence that begin seconds before they wrap. `slow`:
 * as `wrap`, with a period of 20 ms, so that an emulator gets through hours of it; emulated boards only.
 */
export type FirmwareKind = 'release' | 'test' | 'wrap' | 'slow';

export interface RigOptions {
  readonly firmware: FirmwareKind;
  readonly seed: number;
  /** What the test said that it needs: a part that costs something is there only when it is asked for. */
  readonly needs: readonly Capability[];
  readonly trace: (nowUs: () => number) => Trace;
}

export interface Target {
  /** As in `HIL_TARGET`. */
  readonly name: string;
  readonly isRealTime: boolean;
  readonly capabilities: ReadonlySet<Capability>;
  /** Of a recording in place of a board: where it is, which test it is of, and the seed that it had. */
  readonly replays?: { readonly path: string; readonly test: string; readonly seed: number };
  /** Why there is no such target at all: a typo, a bad hardware map. Undefined of every other. */
  readonly refused?: string;
  /** Why it cannot be tested on this machine now; null when it can. */
  missing(firmware: FirmwareKind): string | null;
  /** Why it has no image of this kind, and never will: such tests are skipped. Null when it has. */
  lacks?(firmware: FirmwareKind): string | null;
  /** A board and a bridge for one test. In virtual time the board is powered on for it; in real time it may go on from the test before. */
  start(options: RigOptions): Promise<Rig>;
  /** Ends what the target keeps between tests. */
  stop(): Promise<void>;
}

const names = ['pico', 'uno', 'pico-pty', 'uno-pty', 'uno-simavr', 'host'] as const;

/**
 * The target of this run.
 * @param name of `HIL_TARGET`; a path is the port of a board that is really there, other names are those of `hil-boards.toml`
 * @throws Error that lists the targets, or says what is wrong in the map
 */
export async function loadTarget(name: string): Promise<Target> {
  if (name === 'pico' || name === 'uno') return (await import('./target-virtual.js')).virtualTarget(name);
  if (name === 'pico-pty') return (await import('./target-real.js')).emulatedTarget('pico');
  if (name === 'uno-pty') return (await import('./target-real.js')).emulatedTarget('uno');
  if (name === 'uno-simavr') return (await import('./target-real.js')).simavrTarget();
  if (name === 'host') return (await import('./target-real.js')).hostTarget();
  if (name.startsWith('/') || /^COM\d+$/.test(name)) return (await import('./target-real.js')).portTarget(name);
  const map = loadBoardMap(environment.boards, names);
  const board = map?.boards.get(name);
  if (board !== undefined) return (await import('./boards/mapped-target.js')).mappedTarget(board);
  const mapped = [...(map?.boards.keys() ?? [])];
  const own =
    map === null
      ? 'there is no hil-boards.toml here to name others (HIL_BOARDS names another)'
      : `${map.file} has ${mapped.length === 0 ? 'no boards' : mapped.join(', ')}`;
  throw new Error(
    `HIL_TARGET=${name}: there is no such target; there are ${names.join(', ')}, and paths of ports such as /dev/ttyACM0; ${own}`,
  );
}

/** In place of a target that could not be loaded: its first test is a set-up error, and the others are skipped. */
export function refusedTarget(name: string, reason: string): Target {
  return {
    name,
    isRealTime: false,
    capabilities: new Set(),
    refused: reason,
    missing: () => null,
    start: () => Promise.reject(new Error(reason)),
    stop: async () => {},
  };
}
