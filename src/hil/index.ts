/**
 * `tautline/hil`: tests of firmware with vitest, the same on an emulated board and on a real one.
 *
 *     import { expect, test } from 'tautline/hil';
 *
 *     test('keeps its period', async ({ bridge, clock, trace }) => {
 *       await bridge.streaming();
 *       const mark = trace.mark();
 *       await clock.pass(1000);
 *       expect(trace.since(mark)).toHavePeriod({ us: 1000 });
 *     });
 *
 * docs/hil.md explains fixtures, matchers, targets and verdicts. Needs vitest 4.1, a peer dependency.
 */
export { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
export { BoardHealth, type Complaint, complaints } from './board-health.js';
export { HilBridge } from './bridge.js';
export { type Capability, capabilities } from './capabilities.js';
export { HilClock, type TimelyTerms } from './clock.js';
export type { DeadlineTerms, JitterTerms, PeriodTerms, RateTerms } from './judge.js';
export { type Direction, type FaultOptions, LineFaults } from './line-faults.js';
export { Link } from './link.js';
export type { HilMatchers } from './matchers.js';
export {
  drift,
  measureProfile,
  type Profile,
  type ProfileOptions,
  type ProfileStep,
  type Tolerances,
} from './profile.js';
export type { Io, Rig } from './rig.js';
export { type FirmwareKind, loadTarget, type Target } from './targets.js';
export { type HilFixtures, test } from './test.js';
export {
  Trace,
  type TracedFrame,
  type TracedHealth,
  type TracedMiss,
  type TraceMark,
  type TraceOptions,
  type TraceWindow,
} from './trace.js';
