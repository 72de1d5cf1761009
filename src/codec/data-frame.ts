import { SIGNALS_MAX } from './schema.js';

/**
 * The newest `data` message. The decoder has one and reuses it: read it within `sink.data`, copy what must live longer.
 * Numbers are NaN before the first frame, which also makes V8 store the wide ones in place instead of boxing each new one.
 */
export class DataFrame {
  session = 0;
  /** Number of the stream on the wire. */
  stream = 0;
  /** Low 32 bits; `distance32` gives the full count. */
  seq = Number.NaN;
  /** Scheduled instant, device time, low 32 bits. */
  releaseUs = Number.NaN;
  /** Start of the job - release. 65535 means that or more, here and in the next two. */
  lateUs = 0;
  /** Start of the job -> start of encoding. */
  execUs = 0;
  /** Bytes ahead in the transmit ring at the start of encoding. */
  queueBytes = 0;
  /** `dataFlags`. */
  flags = 0;
  /** Cumulative releases that were not run, wraps at 256. */
  skipped = 0;
  /** Cumulative frames that found the transmit ring full, wraps at 256. */
  dropped = 0;
  /** Scaled to the units of the descriptor; `count` of them hold. */
  readonly values = new Float64Array(SIGNALS_MAX);
  count = 0;
  /** Length on the line: delimiters, CR and LF included. */
  wireBytes = 0;
  /** Host stamp of the chunk that completed the frame. */
  arrivalUs = Number.NaN;
  /** Whether it came as a text line. */
  textual = false;
}
