/** What this machine did to a test in real time, as evidence: it stood still, or the board that it runs was late because of it. */
import { dataFlags } from '../codec/schema.js';
import type { Trace, TracedFrame, TracedMiss, TraceWindow } from './trace.js';

/** A time that was too long, by how much. */
export interface Overrun {
  readonly fromUs: number;
  readonly toUs: number;
  readonly overUs: number;
}

/** By how much a board that is a process of this machine was late itself, by its own word. */
export interface BoardLag {
  /** Whether its own time is this machine's, too, as that of the firmware as a process: then so are its overruns. */
  readonly isTimeless: boolean;
  /** How many of its jobs were late by half a period at their start, or left out. */
  delays(fromUs: number, toUs: number): number;
  worstUs(fromUs: number, toUs: number): number;
  /** For how long it was behind, by more than some ms. */
  behindUs(fromUs: number, toUs: number): number;
}

/** Lateness from which on a board counts as behind: half a deadline of the sample firmware. */
export const BEHIND_US = 5000;
/** Of a descriptor that is not there. */
const WATCHDOG_MS = 100;
/** Misses so long before a trip may be why the host asked for it. */
const BEFORE_TRIP_US = 1e6;

/** This process stood still, or the board was behind, for more than half of what was too much. */
export function isDisturbed({ trace }: TraceWindow, { fromUs, toUs, overUs }: Overrun): boolean {
  return Math.max(lagUs(trace, fromUs, toUs), stoodUs(trace, fromUs, toUs)) > overUs / 2;
}

/** Of a wait that ended in vain nobody knows by how much it was too short: this machine has to explain more than half of it. */
export function isHeldUp(trace: Trace, fromUs: number, toUs: number): boolean {
  const behindUs = trace.boardLag?.behindUs(fromUs, toUs) ?? 0;
  return behindUs > (toUs - fromUs) / 2 || isDisturbed(trace, { fromUs, toUs, overUs: toUs - fromUs });
}

/** One standstill, or one delay of the board, of more than half of this time: what many small ones add up to is not one. */
export function isUpset({ trace }: TraceWindow, { fromUs, toUs, overUs }: Overrun): boolean {
  const longestUs = overlaps(trace, fromUs, toUs).reduce((worst, us) => Math.max(worst, us), 0);
  return Math.max(lagUs(trace, fromUs, toUs), longestUs) > overUs / 2;
}

/** This machine explains it: the emulator's pace, or this process, which may be the line as well, stood still for most of it. */
export function isMachines(miss: TracedMiss, { trace }: TraceWindow): boolean {
  const { culprit, emulatorLagUs, latenessUs, isGap, count, firstSeq, lastSeq, fromUs, toUs } = miss;
  if (culprit === 'host' || culprit === 'indeterminate') return true;
  // A pacer lags by a little nearly always. A gap has no lateness: one that the lag explains is indeterminate.
  if (emulatorLagUs > latenessUs / 2) return true;
  const { boardLag } = trace;
  // Firmware that is a process leaves releases out, and is late, when it is not let run. Frames it does not lose by that.
  if (culprit === 'firmware' && boardLag?.isTimeless) {
    return isGap ? firstSeq > lastSeq : boardLag.worstUs(fromUs, toUs) > (toUs - fromUs) / 2;
  }
  if (isGap && count !== 0) return false; // standing still loses nothing
  return isDisturbed(trace, { fromUs, toUs, overUs: toUs - fromUs });
}

/** Frames in which the board had tripped since the one before. */
export function trips({ frames }: Trace): TracedFrame[] {
  const isTripped = (frame: TracedFrame | undefined) => frame !== undefined && (frame.flags & dataFlags.tripped) !== 0;
  return frames.filter((frame, i) => isTripped(frame) && !isTripped(frames[i - 1]));
}

/** A trip that this machine made: no heartbeat for more than half of the watchdog, or the misses that the host tripped it for. One that the test froze the host for is not. */
export function isMachinesTrip(trace: Trace, { arrivalUs }: TracedFrame): boolean {
  if (trace.freezes.some(({ fromUs, toUs }) => fromUs <= arrivalUs && toUs > arrivalUs - BEFORE_TRIP_US)) return false;
  const board = trace.texts.findLast((text) => text.type === 'board');
  const watchdogUs = (board?.descriptor?.watchdogMs || WATCHDOG_MS) * 1e3;
  if (isDisturbed(trace, { fromUs: arrivalUs - 2 * watchdogUs, toUs: arrivalUs, overUs: watchdogUs })) return true;
  const before = trace.misses.filter(({ toUs }) => toUs <= arrivalUs && toUs > arrivalUs - BEFORE_TRIP_US);
  return before.filter((miss) => isMachines(miss, trace)).length > before.length / 2;
}

/** The board stands tripped, and it was this machine that tripped it: what waits for an armed one waits in vain. */
export function standsTripped(trace: Trace): boolean {
  const isTripped = ((trace.frames.at(-1)?.flags ?? 0) & dataFlags.tripped) !== 0;
  const newest = isTripped ? trips(trace).at(-1) : undefined;
  return newest !== undefined && isMachinesTrip(trace, newest);
}

/** How long this process stood still in this time. */
export function stoodUs(trace: Trace, fromUs: number, toUs: number): number {
  return overlaps(trace, fromUs, toUs).reduce((sum, us) => sum + us, 0);
}

/** Of each standstill what is in this time. */
function overlaps({ stalls }: Trace, fromUs: number, toUs: number): number[] {
  // Of a whole trace nobody knows where it begins.
  const from = Number.isNaN(fromUs) ? Number.NEGATIVE_INFINITY : fromUs;
  return stalls.map(({ atUs, us }) => Math.max(0, Math.min(atUs, toUs) - Math.max(atUs - us, from)));
}

/** How late the board was at worst, by what it told with its misses and its state, and where somebody can ask it, by that. */
export function lagUs({ misses, healths, boardLag }: Trace, fromUs: number, toUs: number): number {
  const told = [
    ...misses.filter((miss) => !(miss.toUs < fromUs) && miss.fromUs <= toUs),
    ...healths.filter(({ writtenUs }) => !(writtenUs < fromUs) && writtenUs <= toUs),
  ];
  const toldUs = told.reduce((worst, { emulatorLagUs }) => Math.max(worst, emulatorLagUs || 0), 0);
  return Math.max(toldUs, boardLag?.worstUs(fromUs, toUs) ?? 0);
}

/** In words, for whoever is told that a finding is this machine's. */
export function disturbanceText(trace: Trace, fromUs: number, toUs: number): string {
  const ms = (us: number) => Math.round(us / 1e3);
  const of = Number.isNaN(fromUs) ? '' : ` of ${ms(toUs - fromUs)}`;
  return `this process stood still for ${ms(stoodUs(trace, fromUs, toUs))} ms${of}, the board was up to ${ms(lagUs(trace, fromUs, toUs))} ms late`;
}
