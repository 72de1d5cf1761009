/** What a benchmark is, and what it says. */
import type { Bar } from './bars.js';

export interface RunOptions {
  /** `smoke`: does it run at all; `normal`: figures; `full`: long. */
  readonly size: 'smoke' | 'normal' | 'full';
  readonly seed: number;
}

export interface Benchmark {
  readonly description: string;
  run(options: RunOptions): Promise<Result>;
}

export type Verdict = 'pass' | 'fail' | 'inconclusive';

export interface Result {
  readonly name: string;
  /** Nested figures, for machines. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly verdict: Verdict;
  /** Why it is inconclusive or fails; of a smoke run also what was not judged. */
  readonly reasons: readonly string[];
  readonly tables: readonly Table[];
  /** What was to be reached. */
  readonly bars?: readonly Bar[];
  /** Medians and the like of each window, by arm: what two runs are compared by. */
  readonly windows?: Readonly<Record<string, WindowFigures>>;
  /** Raw latencies by series, for plots. */
  readonly series: readonly Series[];
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly note?: string;
}

export interface WindowFigures {
  readonly p50Us: readonly number[];
  readonly p99Us: readonly number[];
  readonly cpu: readonly number[];
}

export interface Series {
  readonly name: string;
  readonly latenciesUs: Float64Array;
  readonly timeline?: Timeline;
}

/** What happened when, milliseconds since the series began. */
export interface Timeline {
  readonly atMs: readonly number[];
  readonly latencyUs: readonly number[];
  readonly collections: readonly { readonly atMs: number; readonly durationMs: number; readonly kind: string }[];
  readonly missesMs: readonly number[];
}

/** What is found beside the bars. */
export interface Findings {
  /** What is wrong whatever the bars say. */
  readonly failures?: readonly string[];
  /** Why no bar means anything. */
  readonly doubts?: readonly string[];
}

/**
 * A benchmark fails for a bar that it shows not to be reached, and cannot say for one that lies within its noise. Of two short
 * windows nobody can say: a smoke run passes when all was measured.
 */
export function verdictOf(
  bars: readonly Bar[],
  size: RunOptions['size'],
  { failures = [], doubts = [] }: Findings = {},
): Pick<Result, 'verdict' | 'reasons'> {
  const say = ({ name, interval, limit, atMost }: Bar, how: string) =>
    `${name} ${how}: ${figure(interval.value)} (${figure(interval.low)} to ${figure(interval.high)}), wanted ${atMost ? '≤' : '≥'} ${limit}`;
  if (size === 'smoke') return smoked(bars, failures);
  const missed = bars.filter(({ reached }) => reached === 'no').map((bar) => say(bar, 'is not reached'));
  const unsure = bars.filter(({ reached }) => reached === 'unsure').map((bar) => say(bar, 'cannot be told'));
  if (failures.length > 0) return { verdict: 'fail', reasons: [...failures, ...doubts, ...missed, ...unsure] };
  // Where the floor is not where it belongs, nothing else means anything.
  if (doubts.length > 0) return { verdict: 'inconclusive', reasons: [...doubts, ...missed, ...unsure] };
  if (missed.length > 0) return { verdict: 'fail', reasons: [...missed, ...unsure] };
  return { verdict: unsure.length > 0 ? 'inconclusive' : 'pass', reasons: unsure };
}

function smoked(bars: readonly Bar[], failures: readonly string[]): Pick<Result, 'verdict' | 'reasons'> {
  const unmeasured = bars.filter(({ interval }) => Number.isNaN(interval.value));
  const wrong = [...failures, ...unmeasured.map(({ name }) => `${name} was not measured`)];
  if (wrong.length > 0) return { verdict: 'fail', reasons: wrong };
  const isReached = bars.every(({ reached }) => reached === 'yes');
  return { verdict: 'pass', reasons: isReached ? [] : ['a smoke run judges no bar'] };
}

/** Three significant digits, without an exponent; infinite is a latency of what did not come. */
export const figure = (value: number): string =>
  value === Number.POSITIVE_INFINITY
    ? '∞'
    : Number.isFinite(value)
      ? String(Number(value.toPrecision(3)))
      : 'not measured';

export function exitCodeOf(results: readonly Result[]): number {
  if (results.some(({ verdict }) => verdict === 'fail')) return 5;
  return results.some(({ verdict }) => verdict === 'inconclusive') ? 6 : 0;
}
