/**
 * What the matchers say of the times in a trace. Pure: each returns whether it holds, and what to print when not. What they say
 * of gaps, recovery, safety and blame is in `judge-events.ts`.
 */
import { isDisturbed, isHeldUp, isMachines } from './disturbance.js';
import { report } from './failure-report.js';
import { measureRate } from './rate.js';
import type { TracedFrame, TraceWindow } from './trace.js';

export interface Finding {
  readonly pass: boolean;
  /** Built only when somebody wants to read it. */
  readonly message: () => string;
  /** Set when a busy machine explains the finding as well as a defect would. */
  readonly excuse?: string;
  /** What was found in one sentence, and how much of the limit it took: 1 is all of it. */
  readonly claim?: string;
  readonly share?: number;
  /** Set where there is nothing to judge by: then its opposite does not hold either. */
  readonly isUnjudged?: true;
}

export interface DeadlineTerms {
  /** From release to judged. */
  readonly us: number;
  /** How many may be late or undecided; default 0. */
  readonly allowMisses?: number;
}

/** Every frame was judged within this time of its release, beyond the clock's uncertainty. */
export function meetsDeadline(window: TraceWindow, { us, allowMisses = 0 }: DeadlineTerms): Finding {
  const { frames } = window;
  if (frames.length === 0) return noFrames(window);
  const ages = frames.map((frame) => frame.judgedUs - frame.releaseHostUs + frame.uncertaintyUs);
  const late = ages.filter((age) => !(age <= us)).length;
  const worst = indexOfMax(ages.map((age) => (Number.isNaN(age) ? Number.POSITIVE_INFINITY : age)));
  const held = heldUpClocks(window, ages);
  const isMachine = frames.every(
    (frame, i) =>
      ages[i]! <= us || (Number.isNaN(ages[i]!) ? held.has(frame) : isMachinesAge(frame, ages[i]! - us, window)),
  );
  const claim = `${late} of ${frames.length} frames took longer than ${us} us from release to judged (${allowMisses} allowed), the worst ${Math.round(ages[worst]!)} us`;
  return {
    pass: late <= allowMisses,
    message: () => report(window, claim, worst, ages.filter(Number.isFinite)),
    claim,
    share: late === 0 ? ages[worst]! / us : 0,
    ...(isMachine ? { excuse: claim } : {}),
  };
}

export interface PeriodTerms {
  readonly us: number;
  /** Of the mean period; default 0: exact to the microsecond that the board counts in. */
  readonly tolerancePpm?: number;
  /** Number of the stream, for a board with several: each has a period of its own. */
  readonly stream?: number;
}

/** Releases follow each other in this period, on device time, and their mean keeps it. */
export function hasPeriod(window: TraceWindow, { us, tolerancePpm = 0, stream }: PeriodTerms): Finding {
  const frames = window.frames.filter((frame) => stream === undefined || frame.stream === stream);
  const several = severalStreams(window, frames, `toHavePeriod({ us: ${us}`);
  if (several !== null) return several;
  const steps = frames.slice(1).map((frame, i) => periodOf(frames[i]!, frame));
  const periods = steps.filter(Number.isFinite);
  if (periods.length === 0) return noFrames(window);
  const meanUs = periods.reduce((sum, period) => sum + period, 0) / periods.length;
  const limitUs = (us * tolerancePpm) / 1e6;
  const worst = 1 + indexOfMax(steps.map((period) => (Number.isFinite(period) ? Math.abs(period - us) : -1)));
  // One release may be off by the counter's own microsecond.
  const isOff = Math.abs(meanUs - us) > limitUs || Math.abs(steps[worst - 1]! - us) > limitUs + (limitUs > 0 ? 1 : 0);
  const claim = `releases are ${meanUs.toFixed(3)} us apart in the mean, the worst ${steps[worst - 1]} us; wanted ${us} us ± ${tolerancePpm} ppm`;
  // A limit of nothing is kept or not.
  const share = limitUs > 0 ? Math.abs(meanUs - us) / limitUs : 0;
  return { pass: !isOff, message: () => report({ ...window, frames }, claim, worst, periods), claim, share };
}

/** Each stream has a period of its own: the test says which it means. */
function severalStreams(window: TraceWindow, frames: readonly TracedFrame[], call: string): Finding | null {
  const streams = [...new Set(frames.map((frame) => frame.stream))];
  if (streams.length <= 1) return null;
  const claim = `the frames are of the streams ${streams.join(', ')}: say which, as ${call}, stream: ${streams[0]} })`;
  return unjudged(window, claim);
}

export interface RateTerms {
  /** The period. */
  readonly us: number;
  /** What the board's clock may be off from the host's. */
  readonly tolerancePpm: number;
  /** Number of the stream, for a board with several. */
  readonly stream?: number;
}

/** Releases keep their period by the host's clock: the board's own is held to it. */
export function hasRate(window: TraceWindow, { us, tolerancePpm, stream }: RateTerms): Finding {
  const { trace } = window;
  const frames = window.frames.filter((frame) => stream === undefined || frame.stream === stream);
  const several = severalStreams(window, frames, `toHaveRate({ us: ${us}, tolerancePpm: ${tolerancePpm}`);
  if (several !== null) return several;
  if (new Set(frames.map(({ boot }) => boot)).size > 1) {
    return unjudged(window, 'the board was reset meanwhile: begin the window after that');
  }
  const rate = measureRate(window, frames, us);
  if (rate === null) return noFrames(window);
  const { offPpm, uncertaintyPpm, spanUs } = rate;
  const off = Math.abs(offPpm);
  const claim = `by the host's clock releases are ${(us * (1 + offPpm / 1e6)).toFixed(3)} us apart, ${Math.round(offPpm)} ppm more than ${us} us (± ${Math.ceil(uncertaintyPpm)}, in ${(spanUs / 1e6).toFixed(1)} s); wanted ${us} us ± ${tolerancePpm} ppm`;
  // In virtual time there is nothing that this machine could have measured wrongly.
  const doubt = trace.options.isRealTime ? uncertaintyPpm : 0;
  return {
    pass: off + doubt <= tolerancePpm,
    message: () => report({ ...window, frames, fromUs: window.fromUs, toUs: window.toUs, trace }, claim, -1),
    ...(off - doubt <= tolerancePpm
      ? { excuse: `${claim}: too uncertain to say; a longer window is more certain` }
      : {}),
    claim,
    share: off / tolerancePpm,
  };
}

export interface JitterTerms {
  readonly p99Us?: number;
  readonly maxUs?: number;
}

/** Jobs start this close to their release, by the board's own stamp. */
export function staysWithinJitter(window: TraceWindow, { p99Us, maxUs }: JitterTerms): Finding {
  const late = window.frames.map(({ lateUs }) => lateUs);
  if (late.length === 0) return noFrames(window);
  const sorted = late.toSorted((a, b) => a - b);
  const p99 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))]!;
  const max = sorted.at(-1)!;
  const claim = `jobs started up to ${max} us after their release, 99 % within ${p99} us; wanted p99 ≤ ${p99Us ?? '–'} us, max ≤ ${maxUs ?? '–'} us`;
  return {
    pass: p99 <= (p99Us ?? Number.POSITIVE_INFINITY) && max <= (maxUs ?? Number.POSITIVE_INFINITY),
    message: () => report(window, claim, late.indexOf(max), late),
    claim,
    share: Math.max(p99 / (p99Us ?? Number.POSITIVE_INFINITY), max / (maxUs ?? Number.POSITIVE_INFINITY)),
  };
}

export const noFrames = (window: TraceWindow): Finding => unjudged(window, 'there are too few frames to judge');

function unjudged(window: TraceWindow, claim: string): Finding {
  return { pass: false, isUnjudged: true, message: () => report(window, claim, -1) };
}

/** Device time from one release to the next; NaN across a gap, a reset or streams. */
export function periodOf(before: TracedFrame, frame: TracedFrame): number {
  const isNext = before.boot === frame.boot && before.stream === frame.stream && frame.seq === before.seq + 1;
  return isNext && frame.skipped === before.skipped ? frame.releaseUs - before.releaseUs : Number.NaN;
}

/**
 * Frames whose age nobody knows, because this machine was held up while the clock was not known: in more than half of the time
 * since the frame before them. A clock that never becomes known on a quiet machine is a defect.
 */
function heldUpClocks(window: TraceWindow, ages: readonly number[]): ReadonlySet<TracedFrame> {
  const { frames, fromUs } = window;
  const held = new Set<TracedFrame>();
  for (let first = ages.findIndex(Number.isNaN); first >= 0; ) {
    const known = ages.findIndex((age, i) => i > first && !Number.isNaN(age));
    const stretch = frames.slice(first, known < 0 ? frames.length : known);
    const sinceUs = frames[first - 1]?.arrivalUs ?? (Number.isNaN(fromUs) ? frames[first]!.arrivalUs : fromUs);
    if (isHeldUp(window.trace, sinceUs, stretch.at(-1)!.judgedUs)) for (const frame of stretch) held.add(frame);
    first = known < 0 ? -1 : ages.findIndex((age, i) => i > known && Number.isNaN(age));
  }
  return held;
}

/** A frame of this age took so much too long: by what was told of it, for the clock was in doubt, or this process stood still. */
function isMachinesAge(frame: TracedFrame, overUs: number, window: TraceWindow): boolean {
  const miss = window.misses.find(
    ({ firstSeq, isGap, boot, stream }) =>
      !isGap && firstSeq === frame.seq && boot === frame.boot && stream === frame.stream,
  );
  if (miss !== undefined) return isMachines(miss, window);
  if (overUs <= 2 * frame.uncertaintyUs) return true;
  return isDisturbed(window, { fromUs: frame.releaseHostUs, toUs: frame.judgedUs, overUs });
}

export function indexOfMax(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
}
