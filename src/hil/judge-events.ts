/** What the matchers say of gaps, recovery, safety and blame in a trace. Pure, as `judge.ts`. */
import { dataFlags } from '../codec/schema.js';
import type { Culprit } from '../deadline/verdict.js';
import { isDisturbed, isMachines, type Overrun } from './disturbance.js';
import { report } from './failure-report.js';
import { type Finding, indexOfMax, noFrames } from './judge.js';
import type { TracedFrame, TracedMiss, TraceWindow } from './trace.js';

/** More are counted. */
const SENTENCES_MAX = 5;

/** Every frame of each boot is there, once, in order. */
export function hasNoGaps(window: TraceWindow): Finding {
  const { frames, misses } = window;
  if (frames.length === 0) return noFrames(window);
  const before = previousOf(frames);
  const steps = frames.map((frame, i) => (before[i]?.boot === frame.boot ? frame.seq - before[i].seq : 1));
  const at = steps.findIndex((step) => step !== 1);
  const gaps = misses.filter(({ isGap }) => isGap);
  // To stand still brings no number back.
  const isMachine = gaps.length > 0 && steps.every((step) => step > 0) && gaps.every((gap) => isMachines(gap, window));
  const claim = gapsClaim(frames[at], before[at], gaps);
  return {
    pass: at < 0 && gaps.length === 0,
    message: () => report(window, [claim, ...firstOf(gaps)].join('\n'), at),
    ...(isMachine ? { excuse: `${claim}; culprit ${gaps[0]!.culprit}` } : {}),
  };
}

/** @param frame the first whose number does not follow; undefined for none */
function gapsClaim(
  frame: TracedFrame | undefined,
  before: TracedFrame | undefined,
  gaps: readonly TracedMiss[],
): string {
  const lost = gaps.reduce((sum, { count }) => sum + (Number.isNaN(count) ? 0 : count), 0);
  if (frame === undefined || before === undefined) {
    return lost === 0
      ? `no number is missing, but ${gaps.length} silences were judged`
      : `${lost} frames are missing in ${gaps.length} gaps, none of them between two frames of this window`;
  }
  if (frame.seq <= before.seq)
    return `frame ${frame.seq} came after frame ${before.seq}: a number came again, or too late`;
  if (lost > 0) return `${lost} frames are missing in ${gaps.length} gaps, the first before frame ${frame.seq}`;
  return `frame ${frame.seq} follows frame ${before.seq}, and no loss was judged: the board was absent, or its session began anew`;
}

/**
 * After the longest pause of the window a frame met again, this soon after the last one before it. Host time. Pauses that the
 * window begins or ends in count as well: a board that never came back has not recovered.
 */
export function recoversWithin(window: TraceWindow, ms: number): Finding {
  const { frames, fromUs, toUs } = window;
  if (frames.length === 0) return noFrames(window);
  const arrivals = frames.map(({ arrivalUs }) => arrivalUs);
  // Of a whole trace nobody knows where it begins.
  const begins = [Number.isFinite(fromUs) ? fromUs : arrivals[0]!, ...arrivals];
  const ends = [...arrivals, toUs];
  /** Frame that ended it; the number of frames where none did. */
  const ended = indexOfMax(ends.map((endUs, i) => endUs - begins[i]!));
  const beganUs = begins[ended]!;
  const met = frames.findIndex(({ verdict }, i) => i >= ended && verdict === 'met');
  const backUs = met < 0 ? Number.POSITIVE_INFINITY : arrivals[met]!;
  const tookMs = (backUs - beganUs) / 1e3;
  const since = ended === 0 ? 'the beginning of the window' : `frame ${frames[ended - 1]!.seq}`;
  const claim =
    met < 0
      ? `no frame met in the ${((toUs - beganUs) / 1e3).toFixed(1)} ms after the pause that began with ${since}; wanted one within ${ms} ms`
      : `it took ${tookMs.toFixed(1)} ms from ${since} until a frame met again; wanted ${ms} ms`;
  return {
    pass: tookMs <= ms,
    message: () => report(window, claim, ended),
    ...excuseOf(claim, window, { fromUs: beganUs, toUs: Math.min(backUs, toUs), overUs: (tookMs - ms) * 1e3 }),
    claim,
    share: tookMs / ms,
  };
}

/** A frame of a tripped board was released this soon after the window began, beyond the clock's uncertainty. */
export function isSafeWithin(window: TraceWindow, ms: number): Finding {
  const { frames, fromUs } = window;
  if (frames.length === 0) return noFrames(window);
  const tripped = frames.findIndex(({ flags }) => (flags & dataFlags.tripped) !== 0);
  const frame = frames[tripped];
  if (frame === undefined) {
    return {
      pass: false,
      message: () => report(window, 'no frame says that the board has tripped', frames.length - 1),
    };
  }
  const tookMs = (frame.releaseHostUs - fromUs) / 1e3;
  const doubtMs = frame.uncertaintyUs / 1e3;
  const claim = `the first frame of the tripped board was released ${tookMs.toFixed(3)} ms (± ${doubtMs.toFixed(3)}) after the window began; wanted ${ms} ms`;
  const overUs = (tookMs - doubtMs - ms) * 1e3;
  return {
    pass: overUs <= 0,
    message: () => report(window, claim, tripped),
    ...excuseOf(claim, window, { fromUs, toUs: frame.arrivalUs, overUs }),
    claim,
    share: tookMs / ms,
  };
}

/** Something missed, and this was the culprit of all of it. */
export function blames(window: TraceWindow, culprit: Culprit): Finding {
  const { misses } = window;
  const others = misses.filter((miss) => miss.culprit !== culprit);
  const claim =
    misses.length === 0
      ? `nothing missed, so nobody was blamed; wanted ${culprit}`
      : `${others.length} of ${misses.length} misses were not blamed on ${culprit}:\n${firstOf(others).join('\n')}`;
  const isMachine = others.length > 0 && others.every((miss) => isMachines(miss, window));
  return {
    pass: misses.length > 0 && others.length === 0,
    message: () => report(window, claim, -1),
    ...(isMachine ? { excuse: claim } : {}),
  };
}

/** For each frame the one before it of the same stream. */
function previousOf(frames: readonly TracedFrame[]): (TracedFrame | undefined)[] {
  const newest = new Map<number, TracedFrame>();
  return frames.map((frame) => {
    const before = newest.get(frame.stream);
    newest.set(frame.stream, frame);
    return before;
  });
}

/** There is an excuse where this machine explains what was too much, and only there: a slow board is not one. */
function excuseOf(claim: string, window: TraceWindow, overrun: Overrun): Pick<Finding, 'excuse'> {
  return isDisturbed(window, overrun) ? { excuse: claim } : {};
}

/** In sentences. */
function firstOf(misses: readonly TracedMiss[]): string[] {
  const sentences = misses.slice(0, SENTENCES_MAX).map(sentence);
  const more = misses.length - sentences.length;
  return more > 0 ? [...sentences, `  and ${more} more`] : sentences;
}

function sentence({ verdict, culprit, firstSeq, lastSeq, count, isGap, emulatorLagUs }: TracedMiss): string {
  const what = isGap ? `gap of ${count} (${firstSeq} to ${lastSeq})` : `frame ${firstSeq} ${verdict}`;
  return `  ${what}: ${culprit}${emulatorLagUs > 0 ? `, the emulator lagged by ${Math.round(emulatorLagUs)} us` : ''}`;
}
