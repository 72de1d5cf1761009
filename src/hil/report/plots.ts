/** The plots of one test: its timeline with everything on one axis, and its histograms. */
import type { Histogram, TraceSummary } from '../trace-summary.js';
import { bar, curve, decadesTo, line, logScale, mark, scale, svg, text } from './plot.js';

const WIDTH = 900;
const LEFT = 64;
const RIGHT = 8;
const LANE = { frames: 46, age: 120, marks: 22 };
const GAP = 12;

/** Releases and arrivals; lateness and age; misses; faults; stalls of the host; states: from the top down. */
export function timelinePlot(trace: TraceSummary): string {
  const { spanUs } = trace;
  if (spanUs <= 0) return '';
  const x = (us: number) => scale(us, 0, spanUs, LEFT, WIDTH - RIGHT);
  const framesAt = 4;
  const ageAt = framesAt + LANE.frames + GAP;
  const rows = [
    [
      'misses',
      'miss',
      trace.misses.map(({ atUs, verdict, culprit, count, isGap }) => ({
        atUs,
        title: `${isGap ? `gap of ${count}` : verdict}: ${culprit}`,
      })),
    ],
    ['faults', 'fault', trace.faults.map(({ atUs, fault, detail }) => ({ atUs, title: `${fault} ${detail}` }))],
    ['host stalls', 'stall', trace.stalls.map(({ atUs, us }) => ({ atUs, title: `${(us / 1e3).toFixed(1)} ms` }))],
    ['states', 'state', trace.states.map(({ atUs, text: title }) => ({ atUs, title }))],
  ] as const;
  const marksAt = ageAt + LANE.age + GAP;
  const height = marksAt + rows.length * LANE.marks + 20;
  return svg(WIDTH, height, [
    ...framesLane(trace, x, framesAt),
    ...ageLane(trace, x, ageAt),
    ...rows.flatMap(([name, className, marks], i) => {
      const y = marksAt + i * LANE.marks;
      return [
        text(LEFT - 6, y + 14, name, 'end'),
        line(LEFT, y + LANE.marks - 4, WIDTH - RIGHT, y + LANE.marks - 4, 'axis'),
        ...marks.map(({ atUs, title }) =>
          mark(x(atUs), y, y + LANE.marks - 4, className, `${seconds(atUs)} s: ${title}`),
        ),
      ];
    }),
    ...[0, 0.25, 0.5, 0.75, 1].map((part) =>
      text(
        x(part * spanUs),
        height - 4,
        `${seconds(part * spanUs)} s`,
        part === 0 ? 'start' : part === 1 ? 'end' : 'middle',
      ),
    ),
  ]);
}

function framesLane({ timeline }: TraceSummary, x: (us: number) => number, top: number): string[] {
  const most = Math.max(1, ...timeline.flatMap(([, released, arrived]) => [released, arrived]));
  const half = LANE.frames / 2;
  const width = (WIDTH - LEFT - RIGHT) / Math.max(1, timeline.length);
  return [
    text(LEFT - 6, top + 12, 'releases', 'end'),
    text(LEFT - 6, top + half + 14, 'arrivals', 'end'),
    ...timeline.flatMap(([atUs, released, arrived]) => [
      bar(x(atUs), top + half - (released / most) * half, width, (released / most) * half, 'released'),
      bar(x(atUs), top + half + 1, width, (arrived / most) * half, 'arrived'),
    ]),
  ];
}

function ageLane({ timeline }: TraceSummary, x: (us: number) => number, top: number): string[] {
  const high = Math.max(10, ...timeline.flatMap(([, , , late, age, judged]) => [late, age ?? 0, judged ?? 0]));
  const y = (us: number) => logScale(us, high, top + LANE.age, top);
  const drawn = timeline.filter(([, , arrived]) => arrived > 0);
  return [
    text(LEFT + 4, top + 4, 'µs'),
    ...decadesTo(high).flatMap((us) => [
      line(LEFT, y(us), WIDTH - RIGHT, y(us), 'axis'),
      text(LEFT - 6, y(us) + 4, String(us), 'end'),
    ]),
    curve(
      drawn.map(([atUs, , , late]) => [x(atUs), y(late)]),
      'late',
    ),
    curve(
      drawn.map(([atUs, , , , age]) => [x(atUs), age === null ? null : y(age)]),
      'age',
    ),
    curve(
      drawn.map(([atUs, , , , , judged]) => [x(atUs), judged === null ? null : y(judged)]),
      'judged',
    ),
  ];
}

/** Counts on a logarithmic axis. */
export function histogramPlot(name: string, histogram: Histogram | null): string {
  if (histogram === null) return '';
  const { lowUs, widthUs, counts } = histogram;
  const width = 440;
  const height = 170;
  const most = Math.max(...counts);
  const each = (width - LEFT - RIGHT) / counts.length;
  const y = (count: number) => logScale(count, most, height - 36, 18);
  const us = (value: number) => `${Math.round(value)}`;
  return svg(width, height, [
    text(LEFT, 12, name),
    ...decadesTo(most).flatMap((count) => [
      line(LEFT, y(count), width - RIGHT, y(count), 'axis'),
      text(LEFT - 6, y(count) + 4, String(count), 'end'),
    ]),
    ...counts.flatMap((count, i) =>
      count === 0 ? [] : [bar(LEFT + i * each, y(count), each - 1, height - 36 - y(count), 'bar')],
    ),
    text(LEFT, height - 20, us(lowUs)),
    text(width - RIGHT, height - 20, `${us(lowUs + widthUs * counts.length)} µs`, 'end'),
  ]);
}

const seconds = (us: number): string => (us / 1e6).toFixed(3);
