import type { DataFrame } from './data-frame.js';
import type { DeviceMessage } from './message.js';
import type { PlainReading } from './plain.js';

/** Where the decoder tells what it found. Called within `push`, in the order of the bytes. */
export interface DecoderSink {
  /** A frame of the expected session. The object is reused: copy what must live longer than the call. */
  data(frame: DataFrame): void;
  /** Any other message. While a session is expected: of it, or with tag 0 (the board has been reset). Otherwise of any tag. */
  message(message: DeviceMessage, arrivalUs: number): void;
  /** Readings of a line without protection (level 0). */
  plain(readings: readonly PlainReading[], arrivalUs: number): void;
  /** A line that is no frame: a log line of the board. Printable, without CR and LF. */
  text(line: string, arrivalUs: number): void;
  /** So many bytes made no sense. */
  corrupt(bytes: number, isNew: boolean): void;
  /** A message with the right CRC and another session's tag: another firmware, another boot or another host. Not judged otherwise. */
  foreign(tag: number, arrivalUs: number): void;
  /**
   * A `data` message of the expected session that the descriptor does not have like this: the firmware does not keep what it
   * declares, and the line is not to blame. `bytes` is the length of the message before COBS, or of the text line up to its CRC;
   * `declaredBytes` what the stream's signals make, null when there is no such stream.
   */
  undeclared?(stream: number, bytes: number, declaredBytes: number | null): void;
  /** The line was expected in binary and has fallen back to text: the board was reset. Say `hello`. The decoder is in text already. */
  fallback(arrivalUs: number): void;
  /** A valid `data` message with tag 0: the board is there, and nobody has said `hello` to it. Never shown as data. */
  monitor?(arrivalUs: number): void;
}

/** All cumulative since construction. */
export interface DecoderCounters {
  bytes: number;
  /** Messages with the right CRC, of any session. */
  frames: number;
  dataFrames: number;
  corruptFrames: number;
  corruptBytes: number;
  /** Of the corrupt frames: CRC right, but not the length or the fields of its message. A bug of the board rather than noise. */
  malformedFrames: number;
  /** `data` with the right CRC and tag, of a stream that is not declared or with other values than are. */
  undeclaredFrames: number;
  /** CRC right, kind not known: a newer protocol. Ignored. */
  unknownFrames: number;
  /** Messages from host to device: the line echoes what we send. Ignored. */
  echoedFrames: number;
  overlongLines: number;
  overlongRuns: number;
  foreignFrames: number;
  monitorFrames: number;
  plainLines: number;
  textLines: number;
  /** Good frames that directly followed corrupt bytes. */
  resyncs: number;
  fallbacks: number;
}

export function zeroCounters(): DecoderCounters {
  return {
    bytes: 0,
    frames: 0,
    dataFrames: 0,
    corruptFrames: 0,
    corruptBytes: 0,
    malformedFrames: 0,
    undeclaredFrames: 0,
    unknownFrames: 0,
    echoedFrames: 0,
    overlongLines: 0,
    overlongRuns: 0,
    foreignFrames: 0,
    monitorFrames: 0,
    plainLines: 0,
    textLines: 0,
    resyncs: 0,
    fallbacks: 0,
  };
}
