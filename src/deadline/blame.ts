/**
 * Who was late. A frame's age is firmware (release to handed to the UART, by its own figures), link (until it was
 * readable here) and host (until it was judged). Nothing stamps "readable", so it is bounded by what the loop can prove:
 * the last instant at which nothing was readable, and how the time since then was spent. Asleep with nothing to read is
 * the link's; on the CPU, waiting for one, blocked or stopped is the host's. `docs/blame.md` tells the reasons.
 */

import type { OfferedContract } from '../codec/descriptor.js';
import { causeCode } from './cause.js';
import type { Gap } from './judgement.js';
import { looks, type SampleRing, STOPPED_MIN_US } from './samples.js';
import { culpritCode } from './verdict.js';

/** Least time from readable to judged: a wake-up, a read, a decode. */
const LEAST_HOST_US = 30;
/** The loop slept at least this long after a read: the read had drained the port. */
const SLEPT_MIN_US = 100;
/** Later than this at the last look that found nothing: the bytes were late before any stall of the host began. */
const PROVEN_LATE_MIN_US = 300;
/** Margin between the two worst segments below which nobody is blamed, besides the uncertainties. */
const MARGIN_US = 100;
/** `lateUs` and `execUs` saturate here: the frame's own figures are a lower bound then. */
const SATURATED_US = 0xffff;
/** What the kernel holds for a reader that does not come, before it loses bytes: N_TTY's and the flip buffers. */
const KERNEL_BUFFER_BYTES = 65_536;
/** By so much the host's clock must have fallen behind the board's frames in a gap. */
const SUSPENDED_MIN_US = 20_000;
/** The next frame must have started this much of the link's unexplained time after the late one was stamped. */
const HELD_FRACTION = 0.7;

export type Budgets = OfferedContract['budgets'];

/** Figures of a late frame, all in µs. */
export interface LateFrame {
  /** Device's own: start − release, start to encoding, and the bytes ahead in the transmit queue × byte time. */
  lateUs: number;
  execUs: number;
  queueUs: number;
  /** Its own bytes × byte time. */
  wireUs: number;
  /** Release on the host's clock and half width of that statement. */
  releaseHostUs: number;
  uncertaintyUs: number;
  judgedUs: number;
  /** judged − release − deadline. */
  latenessUs: number;
  /** By how much an emulated board lagged behind its plan when the frame left; 0 for real ones. */
  emulatorLagUs: number;
}

/** The decision and its evidence; field names as in the feed's miss record. Reused. */
export class Blame {
  culprit = 0;
  cause = 0;
  firmwareUs = Number.NaN;
  linkUs = Number.NaN;
  hostUs = Number.NaN;
  startLateUs = Number.NaN;
  execUs = Number.NaN;
  queueUs = Number.NaN;
  stoppedUs = Number.NaN;
  starvedUs = Number.NaN;
  busyUs = Number.NaN;
  waitedUs = Number.NaN;
  provenLateUs = Number.NaN;
  doubtUs = Number.NaN;
  emulatorLagUs = Number.NaN;
}

/**
 * Decides about a late frame. Call it while the newest sample is the read that completed the frame.
 * @param samples null where no host evidence exists (a replay): then only the firmware can be blamed
 */
export function blame(out: Blame, frame: LateFrame, budgets: Budgets, samples: SampleRing | null): Blame {
  out.startLateUs = frame.lateUs;
  out.execUs = frame.execUs;
  out.queueUs = frame.queueUs;
  out.emulatorLagUs = frame.emulatorLagUs;
  out.firmwareUs = frame.lateUs + frame.execUs + frame.queueUs;
  divide(out, frame, samples);
  if (frame.lateUs >= SATURATED_US || frame.execUs >= SATURATED_US) {
    // The firmware was later than it can say: what nobody accounts for is its own.
    out.firmwareUs += out.linkUs - frame.wireUs;
    out.linkUs = frame.wireUs;
  }
  accuse(out, frame, budgets);
  return out;
}

/** Divides the time after the firmware's between link and host. */
function divide(out: Blame, frame: LateFrame, samples: SampleRing | null): void {
  const handedUs = frame.releaseHostUs + out.firmwareUs;
  const expectedUs = handedUs + frame.wireUs + LEAST_HOST_US;
  out.busyUs = 0;
  out.stoppedUs = 0;
  out.starvedUs = 0;
  const emptyUs = samples === null ? expectedUs : lastProofUs(out, expectedUs, samples);
  const proofUs = Math.max(expectedUs, emptyUs);
  const spanUs = Math.max(0, frame.judgedUs - proofUs);
  let hostUs = Math.min(out.busyUs, spanUs); // busy time comes last: sleep ends with the wake-up
  out.waitedUs = spanUs - hostUs;
  out.provenLateUs = proofUs - expectedUs;
  // Late on the link before the host's stall began: it may have become readable at any time during that.
  out.doubtUs = out.provenLateUs > PROVEN_LATE_MIN_US ? hostUs / 2 : 0;
  hostUs -= out.doubtUs;
  out.linkUs = frame.wireUs + out.provenLateUs + out.waitedUs + out.doubtUs;
  // The remainder is the least host time; when the clock's uncertainty makes the frame younger than its parts, less.
  out.hostUs = hostUs + Math.min(LEAST_HOST_US, Math.max(0, frame.judgedUs - handedUs - frame.wireUs));
  if (samples === null) out.doubtUs += out.waitedUs;
  else if (out.provenLateUs === 0)
    out.doubtUs += out.waitedUs; // asleep past the due time, but no probe has looked yet
  else if (!samples.measured) out.doubtUs += Math.min(out.waitedUs, STOPPED_MIN_US);
}

/** Goes back to the last instant at which nothing was readable, adding up how the time since then was spent. */
function lastProofUs(out: Blame, expectedUs: number, samples: SampleRing): number {
  let k = samples.count - 1;
  while (k > samples.oldest) {
    const wallUs = samples.wallUs(k);
    const asleepUs = samples.asleepUs(k);
    if (samples.wasStopped(k)) {
      out.busyUs += wallUs;
      out.stoppedUs += asleepUs;
    } else out.busyUs += wallUs - asleepUs;
    out.starvedUs += samples.starvedUs(k);
    const sleptAfter = samples.idleUs(k) >= SLEPT_MIN_US;
    k--;
    if (samples.atUs(k) <= expectedUs) break;
    if (samples.look(k) === looks.empty || (samples.look(k) === looks.read && sleptAfter)) break;
  }
  return k < 0 ? expectedUs : samples.atUs(k);
}

/** Blames the segment that overran its budget most, when it stands out by more than what is not known. */
function accuse(out: Blame, frame: LateFrame, budgets: Budgets): void {
  const firmware = out.firmwareUs - budgets.firmwareUs;
  const link = out.linkUs - budgets.linkUs;
  const host = out.hostUs - budgets.hostUs;
  const most = Math.max(firmware, link, host);
  const second = firmware + link + host - most - Math.min(firmware, link, host);
  out.culprit = culpritCode.indeterminate;
  out.cause = causeCode.none;
  if (frame.latenessUs - frame.emulatorLagUs <= frame.uncertaintyUs) {
    // Without the lag of the emulator the frame would have met.
    out.cause = causeCode['emulator lag'];
    return;
  }
  // Asleep past the due time, but no probe has looked yet: not proven to be the link's.
  const unprovedUs = most === link && out.provenLateUs === 0 ? out.waitedUs : 0;
  const unknownUs = frame.uncertaintyUs + 2 * (out.doubtUs + unprovedUs) + frame.emulatorLagUs;
  if (most - second < MARGIN_US + unknownUs) {
    if (frame.emulatorLagUs > MARGIN_US) out.cause = causeCode['emulator lag'];
    return;
  }
  if (most === firmware) accuseFirmware(out);
  else if (most === link) {
    out.culprit = culpritCode.link;
    out.cause = causeCode['bytes late'];
  } else accuseHost(out);
}

function accuseFirmware(out: Blame): void {
  out.culprit = culpritCode.firmware;
  if (out.startLateUs >= out.execUs && out.startLateUs >= out.queueUs) out.cause = causeCode['started late'];
  else out.cause = out.execUs >= out.queueUs ? causeCode['ran long'] : causeCode['transmit queue'];
}

function accuseHost(out: Blame): void {
  out.culprit = culpritCode.host;
  if (out.stoppedUs > out.hostUs / 2) out.cause = causeCode.stopped;
  else out.cause = out.starvedUs > out.hostUs / 2 ? causeCode['no CPU'] : causeCode['loop busy'];
}

/**
 * Looks at a frame blamed on the link again when its successor is known: that one started just as the late one left, and
 * late, or after releases that were skipped; so the firmware had held the late one after stamping it.
 * @param handedUs device time at which the late frame said it was handed over
 * @param nextReleaseUs release of the next frame, device time, and `nextLateUs` how late its job started
 * @param skipped releases that the board did not run between the two
 * @returns whether the blame moved
 */
export function revise(
  out: Blame,
  wireUs: number,
  handedUs: number,
  nextReleaseUs: number,
  nextLateUs: number,
  skipped: number,
  budgets: Budgets,
): boolean {
  const wasBusy = nextLateUs > budgets.firmwareUs || skipped > 0;
  if (out.culprit !== culpritCode.link || !wasBusy) return false;
  const unexplainedUs = out.linkUs - wireUs;
  if (nextReleaseUs + nextLateUs - handedUs < HELD_FRACTION * unexplainedUs) return false;
  out.culprit = culpritCode.firmware;
  out.cause = causeCode['held after stamping'];
  out.firmwareUs += unexplainedUs;
  out.linkUs = wireUs;
  return true;
}

/** Of a gap, how many frames the board had made and put into its UART. */
export const sentIn = ({ count, skippedDelta, droppedDelta }: Gap): number => count - skippedDelta - droppedDelta;

/** Who lost the frames of a gap: the part that lost most of them. */
export function blameGap(out: Blame, gap: Gap, byteUs: number, samples: SampleRing | null): Blame {
  clearSegments(out);
  const byBoard = gap.skippedDelta + gap.droppedDelta;
  if (byBoard > 0 && byBoard >= sentIn(gap)) {
    out.culprit = culpritCode.firmware;
    out.cause = causeCode[gap.skippedDelta >= gap.droppedDelta ? 'releases skipped' : 'frames dropped by the board'];
    return out;
  }
  out.culprit = culpritCode.link;
  // A silence after which nothing is missing: the bytes were held back.
  if (gap.count === 0) out.cause = causeCode['bytes late'];
  else if (wasSuspended(gap)) {
    out.culprit = culpritCode.host;
    out.cause = causeCode.suspended;
  } else if (samples !== null && hasOverflowed(gap, byteUs, samples)) {
    out.culprit = culpritCode.host;
    out.cause = causeCode['loop busy'];
  } else out.cause = causeCode[gap.corruptBytes > 0 ? 'bytes corrupted' : 'bytes lost'];
  return out;
}

/** The board sent more than its periods fit into the host's time: that stood still, as it does in a suspended machine. */
function wasSuspended({ sentUs, releasedUs, toUs }: Gap): boolean {
  const stoodUs = sentUs - (toUs - releasedUs);
  return stoodUs > SUSPENDED_MIN_US && stoodUs > sentUs / 2;
}

/**
 * What was in the kernel's buffers when they ran full was read after the stall, so the frame before the gap may have come
 * after it too: its release tells since when frames waited. The buffers cut a frame, so damaged bytes prove nothing else.
 */
function hasOverflowed({ releasedUs, toUs }: Gap, byteUs: number, samples: SampleRing): boolean {
  return samples.longestStallUs(releasedUs, toUs) > KERNEL_BUFFER_BYTES * byteUs;
}

/** A gap and a silence have no segments and no frame to take figures from. */
export function clearSegments(out: Blame): void {
  out.firmwareUs = Number.NaN;
  out.linkUs = Number.NaN;
  out.hostUs = Number.NaN;
  out.startLateUs = Number.NaN;
  out.execUs = Number.NaN;
  out.queueUs = Number.NaN;
  out.stoppedUs = Number.NaN;
  out.starvedUs = Number.NaN;
  out.busyUs = Number.NaN;
  out.waitedUs = Number.NaN;
  out.provenLateUs = Number.NaN;
  out.doubtUs = Number.NaN;
  out.emulatorLagUs = Number.NaN;
}
