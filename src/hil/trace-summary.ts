/** A trace, small enough to travel to a reporter: a timeline in buckets, histograms, what missed, what was done to the line. */
import type { FaultEvent } from './line-faults.js';
import type { Trace, TracedFrame, TracedMiss } from './trace.js';

export interface Histogram {
  /** Lower end of the first bucket, and width of each. */
  readonly lowUs: number;
  readonly widthUs: number;
  readonly counts: readonly number[];
}

export interface SummaryMiss extends Pick<TracedMiss, 'verdict' | 'culprit' | 'count' | 'isGap'> {
  readonly atUs: number;
}

/** Times from the start of the trace; NaN travels as null. */
export interface TraceSummary {
  /** Host monotonic of its zero, and how long it is. */
  readonly fromUs: number;
  readonly spanUs: number;
  readonly frames: number;
  readonly bytes: { readonly fromBoard: number; readonly toBoard: number };
  /** By verdict. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Per bucket: when it begins, frames released and arrived in it, worst lateness of a job's start, worst age at its arrival and when it was judged. */
  readonly timeline: readonly TimelineBucket[];
  /** Of the job's start behind its release, by the board's stamps. */
  readonly jitter: Histogram | null;
  /** From release to judged, where the clocks are known. */
  readonly latency: Histogram | null;
  readonly misses: readonly SummaryMiss[];
  readonly missesInAll: number;
  readonly states: readonly { readonly atUs: number; readonly text: string }[];
  readonly faults: readonly FaultEvent[];
  /** When this machine let the bridge's thread stand still; the worst ones. */
  readonly stalls: readonly { readonly atUs: number; readonly us: number }[];
}

export type TimelineBucket = readonly [
  atUs: number,
  released: number,
  arrived: number,
  lateUs: number,
  arrivalAgeUs: number | null,
  judgedAgeUs: number | null,
];

const BUCKETS = 400;
const BARS = 40;
const EVENTS_MAX = 200;

export function summarize(trace: Trace): TraceSummary {
  const { frames, misses, healths, faults, recording } = trace;
  const instants = [
    ...[frames[0], frames.at(-1)].map((frame) => frame?.arrivalUs),
    ...[healths[0], healths.at(-1)].map((health) => health?.writtenUs),
    ...[faults[0], faults.at(-1)].map((fault) => fault?.atUs),
  ].filter((atUs) => atUs !== undefined);
  const fromUs = instants.length > 0 ? Math.min(...instants) : 0;
  const spanUs = instants.length > 0 ? Math.max(...instants) - fromUs : 0;
  const ages = frames.map(judgedAge).filter(Number.isFinite);
  return {
    fromUs,
    spanUs,
    frames: frames.length,
    // Nothing is recorded of a replay: there the trace itself has counted.
    bytes: recording.loop === null ? { ...trace.bytes } : { ...recording.bytes },
    verdicts: tally(frames),
    timeline: timeline(frames, fromUs, spanUs),
    jitter: histogram(frames.map(({ lateUs }) => lateUs)),
    latency: histogram(ages),
    misses: misses.slice(0, EVENTS_MAX).map((miss) => ({
      atUs: miss.toUs - fromUs,
      verdict: miss.verdict,
      culprit: miss.culprit,
      count: miss.count,
      isGap: miss.isGap,
    })),
    missesInAll: misses.length,
    states: states(trace, fromUs),
    faults: faults.slice(0, EVENTS_MAX).map((fault) => ({ ...fault, atUs: fault.atUs - fromUs })),
    stalls: trace.stalls
      .toSorted((a, b) => b.us - a.us)
      .slice(0, EVENTS_MAX)
      .map(({ atUs, us }) => ({ atUs: atUs - fromUs, us })),
  };
}

const judgedAge = (frame: TracedFrame): number => frame.judgedUs - frame.releaseHostUs;

function tally(frames: readonly TracedFrame[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { verdict } of frames) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
}

function timeline(frames: readonly TracedFrame[], fromUs: number, spanUs: number): TimelineBucket[] {
  if (frames.length === 0 || spanUs <= 0) return [];
  const widthUs = spanUs / BUCKETS;
  const at = (us: number) => Math.min(BUCKETS - 1, Math.max(0, Math.floor((us - fromUs) / widthUs)));
  const rows = Array.from({ length: BUCKETS }, (_, i) => ({
    atUs: i * widthUs,
    released: 0,
    arrived: 0,
    late: 0,
    age: -1,
    judged: -1,
  }));
  for (const frame of frames) {
    if (Number.isFinite(frame.releaseHostUs)) rows[at(frame.releaseHostUs)]!.released++;
    const row = rows[at(frame.arrivalUs)]!;
    row.arrived++;
    row.late = Math.max(row.late, frame.lateUs);
    if (!Number.isFinite(frame.releaseHostUs)) continue;
    row.age = Math.max(row.age, frame.arrivalUs - frame.releaseHostUs);
    row.judged = Math.max(row.judged, judgedAge(frame));
  }
  const known = (us: number) => (us < 0 ? null : Math.round(us));
  return rows.map(({ atUs, released, arrived, late, age, judged }) => [
    Math.round(atUs),
    released,
    arrived,
    late,
    known(age),
    known(judged),
  ]);
}

function histogram(figures: readonly number[]): Histogram | null {
  if (figures.length === 0) return null;
  const lowUs = figures.reduce((a, b) => Math.min(a, b));
  const highUs = figures.reduce((a, b) => Math.max(a, b));
  const widthUs = Math.max(1, (highUs - lowUs) / BARS);
  const counts = new Array<number>(Math.min(BARS, Math.floor((highUs - lowUs) / widthUs) + 1)).fill(0);
  for (const figure of figures) counts[Math.min(counts.length - 1, Math.floor((figure - lowUs) / widthUs))]!++;
  return { lowUs, widthUs, counts };
}

/** Where the link or the arm state changed. */
function states({ healths }: Trace, fromUs: number): { atUs: number; text: string }[] {
  const texts = healths.map(({ writtenUs, link, arm, live }) => ({
    atUs: writtenUs - fromUs,
    text: `${link}${arm === 'disarmed' ? '' : `, ${arm}`}${live ? '' : ', not live'}`,
  }));
  return texts.filter(({ text }, i) => text !== texts[i - 1]?.text).slice(0, EVENTS_MAX);
}
