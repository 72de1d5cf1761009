/** Many episodes, one seed after the other, until the hours are done or an invariant fails. */
import { setImmediate as turn } from 'node:timers/promises';
import { Episode, type EpisodeOptions, type EpisodeResult } from './episode.js';
import type { FaultKind } from './faults.js';
import { type BlameFigures, Scores } from './scores.js';
import { Violation } from './violation.js';

/** So that a failing seed is replayed in a second or two. */
const EPISODE_SECONDS = 360;

export interface SimulationOptions extends Omit<EpisodeOptions, 'seed' | 'seconds'> {
  readonly seed: number;
  readonly hours: number;
  /** Stops at the first violation by default. */
  readonly keepGoing?: boolean;
  readonly onEpisode?: (seed: number, result: EpisodeResult) => void;
}

export interface FoundViolation {
  readonly seed: number;
  readonly atSeconds: number;
  readonly invariant: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** The newest before it, oldest first. */
  readonly faults: readonly string[];
  readonly replay: string;
}

export interface SimulationResult {
  readonly hours: number;
  readonly frames: number;
  readonly lost: number;
  readonly trips: number;
  readonly faults: number;
  readonly violations: readonly FoundViolation[];
  /** Faults one at a time. */
  readonly blame: BlameFigures;
  /** Faults on top of each other. */
  readonly overlapping: BlameFigures;
}

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { seed: firstSeed, hours, keepGoing, onEpisode, ...episode } = options;
  const total = { seconds: 0, frames: 0, lost: 0, trips: 0, faults: 0 };
  const alone = new Scores();
  const overlapped = new Scores();
  const violations: FoundViolation[] = [];
  for (let seed = firstSeed; total.seconds < hours * 3600; seed++) {
    const seconds = Math.min(EPISODE_SECONDS, hours * 3600 - total.seconds);
    total.seconds += seconds;
    try {
      const result = new Episode({ ...episode, seed, seconds }).run();
      total.frames += result.frames;
      total.lost += result.lost;
      total.trips += result.trips;
      total.faults += result.faults;
      (result.overlapped ? overlapped : alone).merge(result.scores);
      onEpisode?.(seed, result);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      violations.push(found(error, seed, seconds, options));
      if (!keepGoing) break;
    }
    // An episode's streams leave callbacks to the event loop, and with them the whole episode: 4 MiB each.
    await turn();
  }
  const { seconds, ...sums } = total;
  return {
    hours: seconds / 3600,
    ...sums,
    violations,
    blame: alone.figures(),
    overlapping: overlapped.figures(),
  };
}

/** A kind as it is written on the command line. */
export function dashed(kind: FaultKind): string {
  return kind.replaceAll(' ', '-');
}

function found(violation: Violation, seed: number, seconds: number, options: SimulationOptions): FoundViolation {
  const { kinds, isExact } = options;
  const faults = kinds === undefined ? '' : ` --faults ${kinds.map(dashed).join(',')}${isExact ? ' --exact' : ''}`;
  const overlap = options.overlap === undefined ? '' : ` --overlap ${options.overlap ? 'always' : 'never'}`;
  return {
    seed,
    atSeconds: violation.atUs / 1e6,
    invariant: violation.invariant,
    values: violation.values,
    faults: violation.faults,
    replay: `npm run simulate -- --seed ${seed} --hours ${seconds / 3600}${faults}${overlap}`,
  };
}
