/** Whether what was sent also came: a bridge that loses frames is quick with the others. */
import type { Arm, Windows } from './arms.js';
import type { Findings, RunOptions } from './benchmark.js';

/** Of the boards of all rows that compare. */
export const RATE_HZ = 1000;
export const PERIOD_US = 1e6 / RATE_HZ;
export const plannedIn = (measureMs: number): number => (RATE_HZ * measureMs) / 1e3;

/** Of all windows of an arm together. Two short ones say only whether frames come at all. */
const shareMax = { smoke: 0.5, normal: 0.01, full: 0.01 } as const;

/** @returns a failure for each arm of ours of which too few frames came; a doubt for each of the others, but in a smoke run, which asks whether all run */
export function shortfallsOf(
  arms: readonly Pick<Arm, 'name' | 'isOurs'>[],
  windows: Windows,
  size: RunOptions['size'],
): Required<Findings> {
  const short = arms.flatMap(({ name, isOurs }) => {
    const counted = windows[name]!.map(({ frames }) => frames).filter(({ sent }) => !Number.isNaN(sent));
    const came = counted.reduce((sum, each) => sum + each.came, 0);
    const sent = counted.reduce((sum, each) => sum + each.sent, 0);
    if (came >= (1 - shareMax[size]) * sent) return [];
    return [{ isOurs, reason: `${name}: ${came} of ${Math.round(sent)} frames came` }];
  });
  const isFailure = ({ isOurs }: { readonly isOurs: boolean }) => isOurs || size === 'smoke';
  return {
    failures: short.filter(isFailure).map(({ reason }) => reason),
    doubts: short.filter((each) => !isFailure(each)).map(({ reason }) => reason),
  };
}

/** What one board's frames say of it, within a window. */
export interface BoardCount {
  readonly frames: number;
  /** Releases that the board did not run, and tells of. */
  readonly skipped: number;
}

/** @param lost sessions within the window; @returns a failure for any: frames on their way then are in no count */
export const restartsOf = (what: string, lost: number): string[] =>
  lost === 0 ? [] : [`${what}: ${lost} sessions were lost, and began anew`];

/** @returns a failure for each board that was silent for a part of the window */
export function silencesOf(
  what: string,
  counts: readonly BoardCount[],
  rateHz: number,
  measureMs: number,
  size: RunOptions['size'],
): string[] {
  const planned = (rateHz * measureMs) / 1e3;
  return counts.flatMap(({ frames, skipped }, board) =>
    frames + skipped >= (1 - shareMax[size]) * planned
      ? []
      : [
          `${what}, board ${board + 1}: ${frames} of ${planned} frames came, and it tells of ${skipped} that it did not release`,
        ],
  );
}
