/** The judgements of `judge.ts` as matchers of `expect`. */
import { expect } from 'vitest';
import { type Culprit, culprits } from '../deadline/verdict.js';
import {
  type DeadlineTerms,
  type Finding,
  hasPeriod,
  hasRate,
  type JitterTerms,
  meetsDeadline,
  type PeriodTerms,
  type RateTerms,
  staysWithinJitter,
} from './judge.js';
import { blames, hasNoGaps, isSafeWithin, recoversWithin } from './judge-events.js';
import { checkNumber, checkTerms, type TermsShape } from './terms.js';
import { MARGINAL_SHARE, type TestMeta } from './test-verdict.js';
import type { TraceWindow } from './trace.js';

/** Matchers for a trace or a part of one: `expect(trace.since(mark)).toHaveNoGaps()`. */
export interface HilMatchers<R = unknown> {
  /** Each frame was judged within this time of its release, even in the worst case that the clock model allows. */
  toMeetDeadline(terms: DeadlineTerms): R;
  /** Releases keep this period, on device time. */
  toHavePeriod(terms: PeriodTerms): R;
  /** Releases keep this period by the host's clock: the board's own is not off by more. Its certainty grows with the window. */
  toHaveRate(terms: RateTerms): R;
  /** Jobs start this close to their releases, by the board's own stamps. */
  toStayWithinJitter(terms: JitterTerms): R;
  /** Each frame of each boot came once, in order, and no silence was judged. */
  toHaveNoGaps(): R;
  /** From the last frame before the longest pause to the first that met after it, host time. */
  toRecoverWithin(ms: number): R;
  /** From the start of the window to the release of the first frame that says "tripped". */
  toBeSafeWithin(ms: number): R;
  /** There were misses, and all had this culprit. */
  toBlame(culprit: Culprit): R;
}

// Both in one block: of two in different files TypeScript 7.0 may forget one.
declare module 'vitest' {
  interface TaskMeta {
    hil?: TestMeta;
  }
  // biome-ignore lint/suspicious/noExplicitAny: vitest's own declaration
  interface Matchers<T = any> extends HilMatchers<T> {}
}

/**
 * In real time what does not hold, and a busy machine explains as well as a defect does, is neither passed nor failed: with
 * `.not` as well, of which it would be the proof.
 * @throws Error for `.not` where nothing can be judged
 */
function decide(window: TraceWindow, finding: Finding, isNot: boolean): { pass: boolean; message: () => string } {
  const { options } = window.trace;
  if (isNot && finding.isUnjudged) throw new Error(finding.message());
  if (!finding.pass && options.isRealTime && finding.excuse !== undefined) options.inconclusive(finding.excuse);
  if (finding.pass && !isNot && (finding.share ?? 0) >= MARGINAL_SHARE) options.marginal(finding.claim ?? '');
  return { pass: finding.pass, message: finding.message };
}

/**
 * The part of a window that can be judged: lines that a board printed before its session are no frames of it.
 * @throws Error for one of nothing but plain lines: of those each of these judgements would be true or false for no reason
 */
function stamped(window: TraceWindow, name: string): TraceWindow {
  const { frames, misses, healths, texts, fromUs, toUs, trace } = window;
  const ofSession = frames.filter(({ verdict }) => verdict !== 'unverified');
  if (ofSession.length === frames.length) return window;
  if (ofSession.length > 0) return { frames: ofSession, misses, healths, texts, fromUs, toUs, trace };
  throw new Error(
    `${name} judges by the sequence and the times that frames carry, and these ${frames.length} are plain lines, which carry none. ` +
      'Assert what they have: values and arrivalUs of trace.frames, live of trace.healths, the signals of bridge.descriptor. ' +
      "needs: ['stamps'] skips a test on such a board",
  );
}

type State = { readonly isNot: boolean };
type Judge<Terms extends unknown[]> = (window: TraceWindow, ...terms: Terms) => Finding;

/** @param check throws RangeError for terms that are none */
const matcher = <Terms extends unknown[]>(
  name: string,
  judge: Judge<Terms>,
  check: (name: string, terms: unknown) => void,
) =>
  // The function must have a `this`: vitest passes the matcher's state through it.
  function (this: State, window: TraceWindow, ...terms: Terms) {
    check(name, terms[0]);
    return decide(window, judge(stamped(window, name), ...terms), this.isNot);
  };
const ofShape = (shape: TermsShape) => (name: string, terms: unknown) => checkTerms(name, terms, shape);
const ofMs = (name: string, ms: unknown) => checkNumber(name, ms, 'above 0');
const ofCulprit = (name: string, culprit: unknown) => {
  if (!culprits.includes(culprit as Culprit))
    throw new RangeError(`${name}: "${culprit}"; give one of ${culprits.join(', ')}`);
};
const ofNothing = (name: string, terms: unknown) => {
  if (terms !== undefined) throw new RangeError(`${name} takes no terms`);
};

const stream = 'whole';
const period: TermsShape = { required: { us: 'above 0' }, optional: { tolerancePpm: '0 or more', stream } };
const rate: TermsShape = { required: { us: 'above 0', tolerancePpm: 'above 0' }, optional: { stream } };
const deadline: TermsShape = { required: { us: 'above 0' }, optional: { allowMisses: 'whole' } };
const jitter: TermsShape = { oneOf: { p99Us: '0 or more', maxUs: '0 or more' } };

expect.extend({
  toMeetDeadline: matcher('toMeetDeadline', meetsDeadline, ofShape(deadline)),
  toHavePeriod: matcher('toHavePeriod', hasPeriod, ofShape(period)),
  toHaveRate: matcher('toHaveRate', hasRate, ofShape(rate)),
  toStayWithinJitter: matcher('toStayWithinJitter', staysWithinJitter, ofShape(jitter)),
  toHaveNoGaps: matcher('toHaveNoGaps', hasNoGaps, ofNothing),
  toRecoverWithin: matcher('toRecoverWithin', recoversWithin, ofMs),
  toBeSafeWithin: matcher('toBeSafeWithin', isSafeWithin, ofMs),
  toBlame: matcher('toBlame', blames, ofCulprit),
});
