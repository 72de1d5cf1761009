/** What rows that compare latencies have in common: sizes, the floor's band, tables and series. */
import { type Arm, cpuOf, interleave, merged, quantiles, rssOf, type Window, type Windows } from './arms.js';
import type { Bar } from './bars.js';
import { type Result, type RunOptions, type Series, type Table, verdictOf, type WindowFigures } from './benchmark.js';
import { priorityNote } from './priority.js';
import { shortfallsOf } from './shortfall.js';
import { type Interval, median, quantile, ratioOfMedians } from './statistics.js';

export const sizes = {
  smoke: { windows: 2, warmUpMs: 1200, settleMs: 300, measureMs: 500 },
  normal: { windows: 12, warmUpMs: 2500, settleMs: 450, measureMs: 1400 },
  full: { windows: 24, warmUpMs: 5000, settleMs: 1000, measureMs: 5000 },
} as const;

export interface Measured {
  readonly windows: Windows;
  readonly series: readonly Series[];
  readonly figures: Readonly<Record<string, WindowFigures>>;
  /** The verdict of a row. @param doubts beside the frames that did not come */
  verdict(bars: readonly Bar[], doubts: readonly string[]): Pick<Result, 'verdict' | 'reasons'>;
  table(title: string, note: string): Table;
  /** Of one figure of two arms. */
  ratio(fraction: number, of: string, over: string): Interval;
  cpuRatio(of: string, over: string): Interval;
}

export async function measure(arms: readonly Arm[], { size, seed }: RunOptions): Promise<Measured> {
  const windows = await interleave(arms, { ...sizes[size], seed });
  const short = shortfallsOf(arms, windows, size);
  return {
    windows,
    series: seriesOf(windows),
    figures: figuresOf(windows),
    verdict: (bars, doubts) =>
      verdictOf(bars, size, { failures: short.failures, doubts: [...short.doubts, ...doubts] }),
    table: (title, note) => tableOf(windows, title, note),
    ratio: (fraction, of, over) =>
      ratioOfMedians(quantiles(windows[of]!, fraction), quantiles(windows[over]!, fraction), seed),
    cpuRatio: (of, over) => ratioOfMedians(cpuOf(windows[of]!), cpuOf(windows[over]!), seed),
  };
}

/** By arm, for JSON: what two runs are compared by. */
export const figuresOf = (windows: Windows): Record<string, WindowFigures> =>
  Object.fromEntries(
    Object.entries(windows).map(([name, of]) => [
      name,
      { p50Us: quantiles(of, 0.5), p99Us: quantiles(of, 0.99), cpu: cpuOf(of) },
    ]),
  );

/** By arm, for plots and raw buckets. */
export const seriesOf = (windows: Windows): Series[] =>
  Object.entries(windows).map(([name, of]) => ({ name, latenciesUs: merged(of) }));

/** Digits, or that so many did not come. */
const microseconds = (us: number): string => (us === Number.POSITIVE_INFINITY ? 'lost' : us.toFixed(0));

export function tableOf(windows: Windows, title: string, note: string): Table {
  const rows = Object.entries(windows).map(([name, of]) => {
    const at = (fraction: number) => microseconds(median(quantiles(of, fraction)));
    const total = (count: (window: Window) => number) => of.reduce((sum, window) => sum + count(window), 0);
    const sent = total(({ frames }) => frames.sent);
    const cpu = median(cpuOf(of));
    const rss = median(rssOf(of));
    const late = of.flatMap(({ sourceLateUs }) => (sourceLateUs === undefined ? [] : [sourceLateUs[1]]));
    return [
      name,
      at(0.5),
      at(0.9),
      at(0.99),
      quantile(merged(of), 1).toFixed(0),
      `${total(({ frames }) => frames.came)}${Number.isNaN(sent) ? '' : ` of ${Math.round(sent)}`}`,
      total(({ skipped = 0 }) => skipped),
      Number.isNaN(cpu) ? '' : `${(cpu * 100).toFixed(1)} %`,
      Number.isNaN(rss) ? '' : rss.toFixed(0),
      late.length === 0 ? 'in the frames' : median(late).toFixed(0),
    ];
  });
  const count = Math.max(...Object.values(windows).map((of) => of.length));
  return {
    title: `${title}; µs, medians of ${count} windows`,
    columns: ['bridge', 'p50', 'p90', 'p99', 'max', 'frames', 'of them skipped', 'CPU', 'RSS MiB', 'source late p99'],
    rows,
    note: `${note} ${priorityNote()}`,
  };
}

/** A row that nothing is promised of: what it is, beside what it is compared with. */
export function withoutBars(name: string, measured: Measured, title: string, note: string, doubts: string[]): Result {
  const { windows, figures, series } = measured;
  const values = Object.entries(windows).map(([arm, of]) => {
    const at = (fraction: number) => median(quantiles(of, fraction));
    return [arm, { p50_us: at(0.5), p99_us: at(0.99), cpu: median(cpuOf(of)) }];
  });
  return {
    name,
    ...measured.verdict([], doubts),
    values: Object.fromEntries(values),
    windows: figures,
    series,
    tables: [measured.table(title, note)],
  };
}

/** Where the floor belongs on a machine with nothing else to do; outside of it no figure of the run means anything. */
export interface Band {
  readonly p50Us: readonly [number, number];
  readonly p99MaxUs: number;
}

export function doubtsOf(name: string, floor: WindowFigures, band: Band): string[] {
  const doubts: string[] = [];
  const p50 = median(floor.p50Us);
  const p99 = median(floor.p99Us);
  if (!(p50 >= band.p50Us[0] && p50 <= band.p50Us[1]))
    doubts.push(`the p50 of "${name}" is ${p50.toFixed(0)} µs, its band is ${band.p50Us.join(' to ')} µs`);
  if (!(p99 <= band.p99MaxUs))
    doubts.push(`the p99 of "${name}" is ${p99.toFixed(0)} µs, its band ends at ${band.p99MaxUs}`);
  return doubts;
}

export const PTY_NOTE =
  'A pseudo-terminal has no bit rate and no USB: a real line adds its own time to every row. Latency counts from the planned instant of each frame; how late the source itself was is part of it, and releases that our board skipped because it was held up count as frames that came with the next one. A frame that did not come is later than all others.';
