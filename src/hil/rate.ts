/**
 * How often a board releases by the host's clock. Its own stamps cannot tell: a clock that is 1 % slow says of itself that it is
 * exact. Two measurements, of which the more certain one counts: the arrivals of the frames, which assume nothing of the
 * board's clock, and the clock model, which knows it far better as long as it is within what the model takes for possible.
 */
import { DRIFT_LIMIT } from '../deadline/corridor.js';
import { lagUs } from './disturbance.js';
import type { TracedFrame, TraceWindow } from './trace.js';

export interface MeasuredRate {
  /** How much longer the period is than it should be, parts per million: positive when the board is slow. */
  readonly offPpm: number;
  /** Half width of what this machine could measure. */
  readonly uncertaintyPpm: number;
  readonly spanUs: number;
}

/** In each third of the window. */
const FRAMES_MIN = 10;
/** Share of the frames of a third that are taken for those that came with hardly a delay. */
const PROMPT_SHARE = 0.25;
/** A stamp of either side is truncated to a microsecond. */
const ROUNDING_US = 1;

/** @param frames of one stream and one boot, in order; null when they are too few */
export function measureRate(
  window: TraceWindow,
  frames: readonly TracedFrame[],
  periodUs: number,
): MeasuredRate | null {
  const third = Math.floor(frames.length / 3);
  if (third < FRAMES_MIN) return null;
  const dueUs = releasesOf(frames).map((release) => release * periodUs);
  const byArrival = ofArrivals(window, frames, dueUs, third);
  const byModel = ofModel(frames, dueUs);
  if (byModel === null || byModel.uncertaintyPpm >= byArrival.uncertaintyPpm) return byArrival;
  const isAgreed = Math.abs(byModel.offPpm - byArrival.offPpm) <= byModel.uncertaintyPpm + byArrival.uncertaintyPpm;
  return isAgreed && Math.abs(byModel.offPpm) < DRIFT_LIMIT * 1e6 ? byModel : byArrival;
}

/** Releases since the first, those among them that were lost or left out. */
function releasesOf(frames: readonly TracedFrame[]): number[] {
  let release = 0;
  return frames.map((frame, i) => {
    const before = frames[i - 1];
    if (before !== undefined) release += frame.seq - before.seq + ((frame.skipped - before.skipped) & 0xff);
    return release;
  });
}

/**
 * By the most prompt frames of the first third and of the last. What the promptest was delayed nobody knows: that is taken to be
 * as much as it takes until a quarter of the frames have come, and in the board's process as much as it was late.
 */
function ofArrivals(
  window: TraceWindow,
  frames: readonly TracedFrame[],
  dueUs: readonly number[],
  third: number,
): MeasuredRate {
  const delaysUs = frames.map(({ arrivalUs }, i) => arrivalUs - frames[0]!.arrivalUs - dueUs[i]!);
  // First roughly, by the middle frames: within a third the promptest is then no matter of how slow the board is.
  const slope = (median(delaysUs.slice(-third)) - median(delaysUs.slice(0, third))) / (dueUs.at(-third)! - dueUs[0]!);
  const prompt = (from: number, to: number) => {
    const order = Array.from({ length: to - from }, (_, i) => from + i);
    const restUs = (i: number) => delaysUs[i]! - slope * dueUs[i]!;
    order.sort((a, b) => restUs(a) - restUs(b));
    const first = order[0]!;
    return { at: first, doubtUs: restUs(order[Math.floor(order.length * PROMPT_SHARE)]!) - restUs(first) };
  };
  const begin = prompt(0, third);
  const end = prompt(frames.length - third, frames.length);
  const spanUs = dueUs[end.at]! - dueUs[begin.at]!;
  const lateUs = lagUs(window.trace, frames[0]!.arrivalUs, frames.at(-1)!.arrivalUs);
  const doubtUs = begin.doubtUs + end.doubtUs + lateUs + 2 * ROUNDING_US;
  const offUs = delaysUs[end.at]! - delaysUs[begin.at]!;
  return { offPpm: (offUs / spanUs) * 1e6, uncertaintyPpm: (doubtUs / spanUs) * 1e6, spanUs };
}

const median = (figures: readonly number[]): number =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]!;

/** Null where it does not know the first or the last release. */
function ofModel(frames: readonly TracedFrame[], dueUs: readonly number[]): MeasuredRate | null {
  const first = frames[0]!;
  const last = frames.at(-1)!;
  const spanUs = dueUs.at(-1)!;
  const offUs = last.releaseHostUs - first.releaseHostUs - spanUs;
  const doubtUs = first.uncertaintyUs + last.uncertaintyUs + 2 * ROUNDING_US;
  if (!Number.isFinite(offUs + doubtUs)) return null;
  return { offPpm: (offUs / spanUs) * 1e6, uncertaintyPpm: (doubtUs / spanUs) * 1e6, spanUs };
}
