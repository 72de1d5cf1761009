/** What a benchmark is, and what it says. */

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
  /** Why it is inconclusive or fails. */
  readonly reasons: readonly string[];
  readonly tables: readonly Table[];
  /** Raw latencies by series, for plots. */
  readonly series: readonly Series[];
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly note?: string;
}

export interface Series {
  readonly name: string;
  readonly latenciesUs: Float64Array;
}

export function exitCodeOf(results: readonly Result[]): number {
  if (results.some(({ verdict }) => verdict === 'fail')) return 5;
  return results.some(({ verdict }) => verdict === 'inconclusive') ? 6 : 0;
}
