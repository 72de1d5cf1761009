import { verdictCode } from './verdict.js';

/** What the monitor needs of a `data` frame; the codec's `DataFrame` has it. */
export interface TimedFrame {
  /** Low 32 bits. */
  readonly seq: number;
  /** Scheduled instant, device time, low 32 bits. */
  readonly releaseUs: number;
  readonly lateUs: number;
  readonly execUs: number;
  readonly queueBytes: number;
  readonly skipped: number;
  readonly dropped: number;
  /** Length on the line, delimiters included. */
  readonly wireBytes: number;
  /** Host monotonic: stamp of the chunk that completed the frame. */
  readonly arrivalUs: number;
}

/** When a frame is judged; reused for all frames of a chunk. */
export interface Judged {
  /** Host monotonic. */
  readonly judgedUs: number;
}

/** Frames of a stream that did not come, as one event. Reused. */
export class Gap {
  /** How many are missing: lost on the way, dropped by the board, or never released. NaN while a silence lasts. */
  count = 0;
  /** First and last missing number; the range is empty (last = first − 1) when the board only skipped releases. */
  firstSeq = Number.NaN;
  lastSeq = Number.NaN;
  /** Arrival of the frame before, host monotonic; of a stream that never started, when it should have. */
  fromUs = Number.NaN;
  /** Arrival of the frame after; while a silence lasts, when it was noticed. */
  toUs = Number.NaN;
  /** Release of the frame before, on the host's clock; its arrival when that is not known. */
  releasedUs = Number.NaN;
  /** Time of the board in which it released what it has sent and nobody has seen. */
  sentUs = 0;
  /** Releases that the board did not run, within the gap. */
  skippedDelta = 0;
  /** Frames that found the board's transmit ring full, within the gap. */
  droppedDelta = 0;
  /** Damaged bytes that came within the gap. */
  corruptBytes = 0;
  /** Whether it had been noticed as a silence before it ended. */
  wasSilence = false;
}

/** What is said of one frame. The monitor has one and reuses it: valid until its next call. */
export class Judgement {
  /** Index into `verdicts`. */
  verdict = verdictCode.indeterminate;
  /** Index into `culprits`; 0 until somebody has been blamed. */
  culprit = 0;
  boot = 0;
  /** False for a plain line: no CRC, no sequence, no device time. */
  verified = true;
  /** Unwrapped to 53 bits. */
  seq = Number.NaN;
  /** Device time, unwrapped; NaN after a silence of more than 30 min until the board has sent a 64-bit time. */
  releaseUs = Number.NaN;
  /** The same instant on the host's monotonic clock; NaN while the clock is not settled. */
  releaseHostUs = Number.NaN;
  /** Half width of what the clock model can say; Infinity while it is not settled. */
  uncertaintyUs = Number.POSITIVE_INFINITY;
  arrivalUs = Number.NaN;
  judgedUs = Number.NaN;
  /** Signed: judged − release − deadline. */
  latenessUs = Number.NaN;
  lifespanUs = Number.NaN;
  /** From release to handed to the UART by the frame's own figures: start late + execution + queue. */
  firmwareUs = Number.NaN;
  /** Whether the frame could be shown as live when it was judged. */
  live = false;
  /** The frames that are missing before this one; `count` 0 and `wasSilence` false when none are. */
  readonly gap = new Gap();
}
