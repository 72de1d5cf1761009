/** What a run leaves behind: tables on stdout, JSON for machines, one self-contained page with plots. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Bar } from './bars.js';
import { figure, type Result } from './benchmark.js';
import type { Environment } from './environment.js';
import { page } from './page.js';
import { root } from './processes.js';
import { quantile } from './statistics.js';

export interface Files {
  readonly json: string;
  readonly html: string;
}

/** Those that were named, or their places under benchmarks/results. */
export const reportFiles = (
  json = join(root, 'benchmarks/results/results.json'),
  html = join(root, 'benchmarks/results/report.html'),
): Files => ({ json, html });

export function writeReport(results: readonly Result[], environment: Environment, files: Files): void {
  // First of all: nothing else can be made from the rest.
  write(files.json, JSON.stringify(json(results, environment), null, 2));
  write(files.html, page(results, environment));
  for (const result of results) process.stdout.write(`${markdown(result)}\n`);
  const bars = results.flatMap((result) => result.bars ?? []);
  if (bars.length > 0) process.stdout.write(`${barsTable(bars)}\n`);
  const { cpu, cores, kernel, node, nodeFlags, load, commit, nodeRed, mosquitto, uid, loopPriority } = environment;
  process.stdout.write(
    `${cpu}, ${cores} cores, ${kernel}, Node ${node} ${nodeFlags}, load before ${load}, commit ${commit}\n` +
      `peers: Node-RED ${nodeRed}, Mosquitto ${mosquitto}; uid ${uid}, SCHED_FIFO of our loop and the C floors ${loopPriority === 0 ? 'not granted' : loopPriority}\n`,
  );
  process.stdout.write(`page: ${files.html}\n`);
}

function json(results: readonly Result[], environment: Environment) {
  const verdict = results.some((each) => each.verdict === 'fail')
    ? 'fail'
    : results.some((each) => each.verdict === 'inconclusive')
      ? 'inconclusive'
      : 'pass';
  return {
    // One benchmark asked for by name: its figures also stand at the top.
    ...(results.length === 1 ? results[0]!.values : {}),
    environment,
    verdict,
    values: Object.fromEntries(results.map(({ name, values }) => [name, values])),
    bars: results.flatMap(({ bars = [] }) => bars),
    windows: Object.fromEntries(results.map(({ name, windows = {} }) => [name, windows])),
    tables: results.flatMap(({ name, tables }) => tables.map((table) => ({ benchmark: name, ...table }))),
    reasons: results.flatMap(({ name, reasons }) => reasons.map((reason) => `${name}: ${reason}`)),
    series: results.flatMap((result) =>
      result.series.map(({ name, latenciesUs }) => ({
        benchmark: result.name,
        name,
        count: latenciesUs.length,
        buckets: buckets(latenciesUs),
      })),
    ),
  };
}

/** Counts by powers of 2^(1/8), in microseconds: 9 % wide, enough to draw any percentile. */
export function buckets(sorted: Float64Array): readonly { readonly toUs: number; readonly count: number }[] {
  const found: { toUs: number; count: number }[] = [];
  for (const value of sorted) {
    const toUs = 2 ** (Math.ceil(Math.log2(Math.max(1, value)) * 8) / 8);
    const last = found.at(-1);
    if (last?.toUs === toUs) last.count++;
    else found.push({ toUs, count: 1 });
  }
  return found.map(({ toUs, count }) => ({ toUs: Math.round(toUs * 10) / 10, count }));
}

function markdown({ name, verdict, reasons, tables }: Result): string {
  const lines = [`## ${name}: ${verdict}`, ...reasons.map((reason) => `- ${reason}`)];
  for (const { title, columns, rows, note } of tables) {
    lines.push('', title, '', ...grid([columns, ...rows]));
    if (note !== undefined) lines.push('', note);
  }
  return `${lines.join('\n')}\n`;
}

/** A Markdown table whose first row is its head. */
export function grid(rows: readonly (readonly (string | number)[])[]): string[] {
  const cells = rows.map((row) => row.map(String));
  const widths = cells[0]!.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(cells[0]!), rule, ...cells.slice(1).map(line)];
}

const answers = { yes: 'reached', no: 'NOT reached', unsure: 'cannot be told' } as const;

export const barRows = (bars: readonly Bar[]): string[][] =>
  bars.map(({ name, interval: { value, low, high }, limit, atMost, reached }) => [
    name,
    figure(value),
    low === high ? '' : `${figure(low)} to ${figure(high)}`,
    `${atMost ? '≤' : '≥'} ${figure(limit)}`,
    answers[reached],
  ]);
export const BAR_COLUMNS = ['figure', 'value', '95 %', 'wanted', ''] as const;

const barsTable = (bars: readonly Bar[]): string => `${grid([[...BAR_COLUMNS], ...barRows(bars)]).join('\n')}\n`;

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

export const percentileLadder = (sorted: Float64Array): readonly (readonly [number, number])[] => {
  const points: [number, number][] = [];
  for (let nines = 0; nines <= 5; nines += 0.05) points.push([nines, quantile(sorted, 1 - 10 ** -nines)]);
  return points;
};
