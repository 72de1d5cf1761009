/** Windows of a trace for the tests of what judges them: frames of a board of 1 ms, 600 us old when they are judged. */
import { Trace, type TracedFrame, type TracedMiss, type TraceWindow } from '../trace.js';

const PERIOD_US = 1000;
export const AGE_US = 600;

export function frame(seq: number, more: Partial<TracedFrame> = {}): TracedFrame {
  const releaseUs = seq * PERIOD_US;
  return {
    stream: 0,
    boot: 1,
    flags: 0,
    textual: false,
    seq,
    releaseUs,
    releaseHostUs: releaseUs,
    arrivalUs: releaseUs + AGE_US - 100,
    judgedUs: releaseUs + AGE_US,
    uncertaintyUs: 50,
    latenessUs: 0,
    lateUs: 3,
    execUs: 20,
    queueBytes: 0,
    skipped: 0,
    dropped: 0,
    wireBytes: 40,
    verdict: 'met',
    culprit: 'none',
    values: [],
    ...more,
  } as TracedFrame;
}

export const frames = (count: number, change: (frame: TracedFrame) => TracedFrame = (same) => same) =>
  Array.from({ length: count }, (_, i) => change(frame(i)));

export const miss = (more: Partial<TracedMiss>): TracedMiss =>
  ({
    verdict: 'late',
    culprit: 'link',
    isGap: false,
    stream: 0,
    boot: 1,
    firstSeq: 5,
    lastSeq: 5,
    count: 1,
    latenessUs: 1000,
    emulatorLagUs: 0,
    ...more,
  }) as TracedMiss;

export interface WindowOptions {
  readonly fromUs?: number;
  readonly toUs?: number;
  readonly isRealTime?: boolean;
}

/** Ends with its newest frame, unless it is said otherwise. An inconclusive verdict throws. */
export function windowOf(
  frames: readonly TracedFrame[],
  misses: readonly TracedMiss[] = [],
  { fromUs = 0, toUs = frames.at(-1)?.judgedUs ?? 0, isRealTime = false }: WindowOptions = {},
): TraceWindow {
  const trace = new Trace({
    nowUs: () => toUs,
    isRealTime,
    inconclusive: (reason) => {
      throw new Error(`inconclusive: ${reason}`);
    },
    refuse: (reason) => {
      throw new Error(reason);
    },
    marginal: () => {},
    replay: 'again: this',
  });
  return { frames, misses, healths: [], texts: [], fromUs, toUs, trace };
}
