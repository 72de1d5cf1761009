/** A wait that ended in vain, with what this machine did meanwhile. */
import { disturbanceText, isHeldUp, standsTripped } from './disturbance.js';
import { TimedOut } from './test-verdict.js';
import type { Trace } from './trace.js';

/** Codes of answers for which a board was not reached in time. That a session ends is no matter of time. */
const notInTime: ReadonlySet<string> = new Set(['no-answer', 'clock-invalid', 'expired']);

const TRIPPED = 'this machine stood still for so long that the board has tripped';

/**
 * The error of a wait that ended now. It has an excuse only in real time, and only where this machine explains more than
 * half of the wait, or has tripped the board.
 * @param isExcused what the caller knows besides
 */
export function timedOut(trace: Trace, message: string, fromUs: number, isExcused = false): TimedOut {
  const { isRealTime, nowUs } = trace.options;
  return new TimedOut(message, isRealTime ? waitExcuse(trace, fromUs, nowUs(), isExcused) : null);
}

/** Why a command that was refused, or not answered, is this machine's; null where it is not, and in virtual time. */
export function refusalExcuse(trace: Trace, code: string, fromUs: number): string | null {
  const { isRealTime, nowUs } = trace.options;
  if (!isRealTime) return null;
  return notInTime.has(code) ? waitExcuse(trace, fromUs, nowUs(), false) : standsTripped(trace) ? TRIPPED : null;
}

function waitExcuse(trace: Trace, fromUs: number, toUs: number, isExcused: boolean): string | null {
  if (standsTripped(trace)) return TRIPPED;
  return isExcused || isHeldUp(trace, fromUs, toUs) ? disturbanceText(trace, fromUs, toUs) : null;
}
