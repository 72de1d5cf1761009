/** One self-contained page: tables, a histogram with a logarithmic count axis, and a percentile curve, as inline SVG. */
import type { Result, Series, Timeline } from './benchmark.js';
import type { Environment } from './environment.js';
import { BAR_COLUMNS, barRows, buckets, percentileLadder } from './report.js';

const colours = ['#888', '#0a7d55', '#1769c2', '#c0262d', '#a15c00', '#7a4fc9', '#0f8b8d'];
const WIDTH = 860;
const HEIGHT = 300;
const MARGIN = { left: 60, right: 12, top: 12, bottom: 36 };

const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

export function page(results: readonly Result[], environment: Environment): string {
  const facts = Object.entries(environment)
    .map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(String(value))}</dd>`)
    .join('');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Tautline benchmarks</title>
<style>
:root{color-scheme:light dark;font:14px/1.5 system-ui,sans-serif}body{max-width:980px;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #8885;padding:.25rem .6rem;text-align:right}td:first-child,th:first-child,td:nth-child(2){text-align:left}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;font-size:12px}dd{margin:0}svg{display:block;max-width:100%;margin:1rem 0}text{fill:currentColor;font-size:11px}.axis{stroke:#8886}
.key i{display:inline-block;width:1.4em;height:3px;vertical-align:middle;margin-right:.4em}.key span{margin-right:1.2em}
</style>
<h1>Tautline benchmarks</h1><dl>${facts}</dl>${summary(results)}${results.map(section).join('')}</html>`;
}

function summary(results: readonly Result[]): string {
  const rows = barRows(results.flatMap(({ bars = [] }) => bars));
  return rows.length === 0 ? '' : table([...BAR_COLUMNS], rows);
}

function table(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const row = (cells: readonly (string | number)[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(String(cell))}</${tag}>`).join('')}</tr>`;
  return `<table>${row(columns, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table>`;
}

function section({ name, verdict, reasons, tables, series: all }: Result): string {
  // One without a sample has no curve, and no place on the axis of the others.
  const series = all.filter(({ latenciesUs }) => latenciesUs.length > 0);
  const html = tables.map(
    ({ title, columns, rows, note }) =>
      `<p>${escaped(title)}</p>${table(columns, rows)}${note === undefined ? '' : `<p>${escaped(note)}</p>`}`,
  );
  const key = series
    .map((each, i) => `<span><i style="background:${colourOf(i)}"></i>${escaped(each.name)}</span>`)
    .join('');
  const plots =
    series.length === 0
      ? ''
      : `<p class="key">${key}</p>${histogram(series)}${percentiles(series)}${timelines(series)}`;
  return `<h2>${escaped(name)}: ${verdict}</h2>${reasons.map((reason) => `<p>${escaped(reason)}</p>`).join('')}${html.join('')}${plots}`;
}

const colourOf = (index: number): string => colours[index % colours.length]!;

/** Latency on a logarithmic x axis, count on a logarithmic y axis: the tail is what matters. */
function histogram(series: readonly Series[]): string {
  const all = series.map(({ latenciesUs }) => buckets(latenciesUs));
  const most = Math.max(1, ...all.flat().map(({ count }) => count));
  const { x, ticks } = latencyAxis(series);
  const y = (count: number) =>
    scale(Math.log10(count + 0.5), Math.log10(0.5), Math.log10(most * 1.2), HEIGHT - MARGIN.bottom, MARGIN.top);
  const lines = all.map((found, i) =>
    polyline(
      found.map(({ toUs, count }) => [x(toUs), y(count)]),
      colourOf(i),
    ),
  );
  const counts = [1, 10, 100, 1000, 10_000, 100_000]
    .filter((count) => count <= most)
    .map((count) => yTick(y(count), String(count)));
  return svg([...ticks, ...counts, ...lines], 'latency, µs', 'frames');
}

/** Percentile on an axis of nines, as HDR plots have it. */
function percentiles(series: readonly Series[]): string {
  const ladders = series.map(({ latenciesUs }) => percentileLadder(latenciesUs));
  const values = ladders.flat().map(([, us]) => Math.max(1, us));
  const low = Math.log10(Math.min(...values));
  const high = Math.log10(Math.max(...values) * 1.1);
  const x = (nines: number) => scale(nines, 0, 5, MARGIN.left, WIDTH - MARGIN.right);
  const y = (us: number) => scale(Math.log10(Math.max(1, us)), low, high, HEIGHT - MARGIN.bottom, MARGIN.top);
  const lines = ladders.map((ladder, i) =>
    polyline(
      ladder.map(([nines, us]) => [x(nines), y(us)]),
      colourOf(i),
    ),
  );
  const marks = [
    ['p0', 0],
    ['p50', 0.301],
    ['p90', 1],
    ['p99', 2],
    ['p99.9', 3],
    ['p99.99', 4],
  ] as const;
  const decades = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000].filter(
    (us) => Math.log10(us) >= low && Math.log10(us) <= high,
  );
  return svg(
    [
      ...marks.map(([name, nines]) => xTick(x(nines), name)),
      ...decades.map((us) => yTick(y(us), String(us))),
      ...lines,
    ],
    'percentile',
    'µs',
  );
}

/** Latency over time: the worst of each pixel, with the collections (red) and the misses (orange) where they were. */
function timelines(series: readonly Series[]): string {
  return series
    .map(({ name, timeline }) =>
      timeline === undefined || timeline.atMs.length === 0
        ? ''
        : `<p>${escaped(name)}, its last window over time: the worst frame of each pixel; red: garbage collections, orange: misses</p>${overTime(timeline)}`,
    )
    .join('');
}

function overTime({ atMs, latencyUs, collections, missesMs }: Timeline): string {
  const endMs = atMs.at(-1)!;
  const x = (ms: number) => scale(ms, 0, endMs, MARGIN.left, WIDTH - MARGIN.right);
  const worst = new Map<number, number>();
  for (const [i, ms] of atMs.entries()) {
    const pixel = Math.round(x(ms));
    worst.set(pixel, Math.max(worst.get(pixel) ?? 0, latencyUs[i]!));
  }
  const high = Math.log10(Math.max(100, ...worst.values()) * 1.2);
  const y = (us: number) => scale(Math.log10(Math.max(1, us)), 1, high, HEIGHT - MARGIN.bottom, MARGIN.top);
  const mark = (ms: number, colour: string, width: number) =>
    `<line x1="${x(ms).toFixed(1)}" x2="${x(ms).toFixed(1)}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}" stroke="${colour}" stroke-width="${width.toFixed(1)}" opacity=".6"/>`;
  return svg(
    [
      ...[10, 100, 1000, 10_000, 100_000].filter((us) => Math.log10(us) <= high).map((us) => yTick(y(us), String(us))),
      ...[0, 0.25, 0.5, 0.75, 1].map((part) => xTick(x(part * endMs), ((part * endMs) / 1e3).toFixed(1))),
      ...collections.map((each) => mark(each.atMs, '#c0262d', Math.max(1, x(each.durationMs) - x(0)))),
      ...missesMs.map((ms) => mark(ms, '#d98200', 1)),
      polyline(
        [...worst].map(([pixel, us]) => [pixel, y(us)]),
        colours[1]!,
      ),
    ],
    's',
    'µs',
  );
}

function latencyAxis(series: readonly Series[]) {
  const low = Math.log10(Math.max(1, Math.min(...series.map(({ latenciesUs }) => latenciesUs[0] ?? 1))));
  const high = Math.log10(Math.max(10, ...series.map(({ latenciesUs }) => latenciesUs.at(-1) ?? 10)) * 1.2);
  const x = (us: number) => scale(Math.log10(Math.max(1, us)), low, high, MARGIN.left, WIDTH - MARGIN.right);
  const decades = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000].filter(
    (us) => Math.log10(us) >= low && Math.log10(us) <= high,
  );
  return { x, ticks: decades.map((us) => xTick(x(us), String(us))) };
}

const scale = (value: number, fromLow: number, fromHigh: number, toLow: number, toHigh: number): number =>
  toLow + ((value - fromLow) / (fromHigh - fromLow || 1)) * (toHigh - toLow);
const polyline = (points: readonly (readonly [number, number])[], colour: string): string =>
  `<polyline fill="none" stroke="${colour}" stroke-width="1.6" points="${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}"/>`;
const xTick = (x: number, label: string): string =>
  `<line class="axis" x1="${x}" x2="${x}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}"/><text x="${x}" y="${HEIGHT - MARGIN.bottom + 14}" text-anchor="middle">${label}</text>`;
const yTick = (y: number, label: string): string =>
  `<line class="axis" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y}" y2="${y}"/><text x="${MARGIN.left - 6}" y="${y + 4}" text-anchor="end">${label}</text>`;
const svg = (parts: readonly string[], xLabel: string, yLabel: string): string =>
  `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}">${parts.join('')}<text x="${WIDTH / 2}" y="${HEIGHT - 4}" text-anchor="middle">${xLabel}</text><text x="14" y="${MARGIN.top + 8}">${yLabel}</text></svg>`;
