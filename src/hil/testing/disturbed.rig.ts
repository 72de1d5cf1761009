/** A trace of ten seconds, for the tests of what this machine explains. */
import { Trace, type TracedFrame, type TracedMiss } from '../trace.js';

export class Inconclusive extends Error {}

/** Ten seconds of a board of 1 ms, in real time. */
export function traced(isRealTime = true): Trace {
  const trace = new Trace({
    nowUs: () => 10e6,
    isRealTime,
    replay: '',
    marginal: () => {},
    refuse: (reason) => {
      throw new Error(reason);
    },
    inconclusive: (reason) => {
      throw new Inconclusive(reason);
    },
  });
  const streams = [{ periodUs: 1000 }];
  trace.texts.push({ type: 'board', descriptor: { watchdogMs: 100, streams } } as never);
  return trace;
}

export const frame = (ms: number, more: Partial<TracedFrame> = {}) =>
  ({ arrivalUs: ms * 1e3, flags: 1, boot: 1, lateUs: 3, skipped: 0, verdict: 'met', ...more }) as TracedFrame;
export const miss = (ms: number, more: Partial<TracedMiss> = {}) =>
  ({ fromUs: ms * 1e3, toUs: ms * 1e3, culprit: 'host', emulatorLagUs: 0, ...more }) as TracedMiss;
