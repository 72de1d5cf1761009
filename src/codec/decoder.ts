import { isUtf8 } from 'node:buffer';
import { decodeBinary, hasRightCrc, readDataFrame, readU16 } from './binary.js';
import { cobsDecode } from './cobs.js';
import { DataFrame } from './data-frame.js';
import type { StreamDescriptor } from './descriptor.js';
import { parseHex } from './hex.js';
import { compileLayout, dataOffsets, dataTextOffsets, type StreamLayout } from './layout.js';
import { LineGuard } from './line-guard.js';
import { type DeviceMessage, entryOfKind, type HostMessage } from './message.js';
import { PLAIN_LINE_BYTES_MAX, PlainReader, type PlainReading } from './plain.js';
import {
  BINARY_WIRE_BYTES_MAX,
  CRC_BYTES,
  type Encoding,
  messages,
  SESSION_NONE,
  TEXT_LINE_BYTES_MAX,
} from './schema.js';
import {
  COMMA,
  CR,
  DOLLAR,
  decodeText,
  frameLineBefore,
  hasRightTextCrc,
  LF,
  readTextDataFrame,
  STAR,
} from './text.js';

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
  corrupt(bytes: number, arrivalUs: number): void;
  /** A message with the right CRC and another session's tag: another firmware, another boot or another host. Not judged otherwise. */
  foreign(tag: number, arrivalUs: number): void;
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
  /** CRC right, kind not known: a newer protocol. Ignored. */
  unknownFrames: number;
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

/**
 * text: collecting a line. guard: the line is overlong, thrown away up to its LF.
 * binary: collecting a run. resync: the run is longer than any frame, thrown away up to its 0x00.
 */
export type DecoderState = 'text' | 'guard' | 'binary' | 'resync';

/**
 * So many bytes without 0x00 cannot be a binary line: two frames of the largest size, which one damaged delimiter has merged,
 * still fit. With one frame as the limit, one bit error would cost a board with wide frames its session.
 */
export const RUN_BYTES_MAX = 2 * BINARY_WIRE_BYTES_MAX;
/** So many text frames within one run, likewise. */
const FALLBACK_LINES = 2;
const NO_SESSION = -1;

/**
 * Bytes of one serial line in, frames and messages out. Pure: no clock, no I/O. Line noise never throws, memory is bounded,
 * and how the bytes are cut into chunks makes no difference. A binary `data` frame allocates nothing.
 */
export class Decoder {
  readonly counters: DecoderCounters = {
    bytes: 0,
    frames: 0,
    dataFrames: 0,
    corruptFrames: 0,
    corruptBytes: 0,
    malformedFrames: 0,
    unknownFrames: 0,
    overlongLines: 0,
    overlongRuns: 0,
    foreignFrames: 0,
    monitorFrames: 0,
    plainLines: 0,
    textLines: 0,
    resyncs: 0,
    fallbacks: 0,
  };
  readonly #sink: DecoderSink;
  readonly #frame = new DataFrame();
  readonly #layouts: (StreamLayout | undefined)[] = new Array(256).fill(undefined);
  readonly #guard: LineGuard;
  readonly #run = new Uint8Array(RUN_BYTES_MAX);
  readonly #decoded = new Uint8Array(BINARY_WIRE_BYTES_MAX);
  #plain = new PlainReader();
  #encoding: Encoding = 'text';
  #session = NO_SESSION;
  /** Whether a valid frame was seen: from then on no line is level 0, or a damaged frame could become a phantom signal. */
  #framed = false;
  #inSync = true;
  #runLength = 0;
  #linesInRun = 0;
  /** 1 when the byte before the run was a 0x00 that ended nothing. */
  #leading = 0;

  constructor(sink: DecoderSink) {
    this.#sink = sink;
    this.#guard = new LineGuard(
      {
        line: (bytes) => this.#line(bytes),
        overlong: (bytes, first) => {
          if (first) this.counters.overlongLines++;
          this.#corrupt(bytes, first);
        },
      },
      PLAIN_LINE_BYTES_MAX,
    );
  }

  get state(): DecoderState {
    if (this.#encoding === 'text') return this.#guard.discarding ? 'guard' : 'text';
    return this.#runLength > BINARY_WIRE_BYTES_MAX ? 'resync' : 'binary';
  }

  /** Decodes a chunk that the host stamped `arrivalUs`. The chunk may be reused after the call. */
  push(chunk: Uint8Array, arrivalUs: number): void {
    this.#frame.arrivalUs = arrivalUs;
    this.counters.bytes += chunk.length;
    this.#consume(chunk);
  }

  /** The encoding of the bytes that follow, from the next byte on, also within a call of the sink. */
  expect(encoding: Encoding): void {
    if (encoding === this.#encoding) return;
    const dropped = this.#encoding === 'text' ? this.#guard.reset() : this.#runLength;
    this.#runLength = 0;
    this.#linesInRun = 0;
    this.#leading = 0;
    this.#encoding = encoding;
    if (dropped > 0) this.#corrupt(dropped, true);
  }

  /** Whose data is good: the tag of `sessionTag`, or null before a session. Then `data` with any tag but 0 is foreign. */
  expectSession(tag: number | null): void {
    this.#session = tag ?? NO_SESSION;
  }

  /** The streams that `data` may carry, from now on. Frames of others are malformed. */
  layouts(streams: readonly StreamDescriptor[]): void {
    this.#layouts.fill(undefined);
    for (const stream of streams) this.#layouts[stream.id] = compileLayout(stream);
  }

  /** The port was opened anew: nothing that is known of the line holds any more. Counters go on. */
  reset(): void {
    this.expect('text');
    this.#guard.reset();
    this.#guard.limit = PLAIN_LINE_BYTES_MAX;
    this.#plain = new PlainReader();
    this.#framed = false;
    this.#inSync = true;
    this.#session = NO_SESSION;
    this.#layouts.fill(undefined);
  }

  #consume(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.#encoding === 'binary' ? this.#takeRun(chunk, at) : this.#guard.push(chunk, at);
    }
  }

  // ---- binary ----

  /** Takes one run and its 0x00, or all bytes. Returns the index after them. */
  #takeRun(chunk: Uint8Array, from: number): number {
    const last = Math.min(chunk.length, from + RUN_BYTES_MAX - this.#runLength);
    let end = from;
    while (end < last && chunk[end] !== 0) end++;
    // A run that lies whole in the chunk is decoded where it lies.
    const isWhole = this.#runLength === 0 && end < last;
    if (isWhole && this.#runIsGood(chunk, from, end)) return end + 1;
    if (!this.#appendRun(chunk, from, end)) return end;
    if (end === last) return end;
    if (!isWhole && this.#runIsGood(this.#run, 0, this.#runLength)) {
      this.#runLength = 0;
      return end + 1;
    }
    this.#endBadRun();
    return end + 1;
  }

  #endBadRun(): void {
    if (this.#runLength > BINARY_WIRE_BYTES_MAX) this.counters.overlongRuns++;
    const bytes = this.#runLength + 1 + this.#leading;
    this.#runLength = 0;
    this.#linesInRun = 0;
    this.#leading = 0;
    this.#corrupt(bytes, true);
  }

  /** Whether the run was empty or a frame with the right CRC; then it has been delivered. */
  #runIsGood(bytes: Uint8Array, start: number, end: number): boolean {
    if (start === end) {
      this.#leading = 1;
      return true;
    }
    if (end - start > BINARY_WIRE_BYTES_MAX) return false;
    const length = cobsDecode(bytes, start, end, this.#decoded);
    if (!hasRightCrc(this.#decoded, length)) return false;
    this.#frame.wireBytes = this.#leading + end - start + 1;
    this.#leading = 0;
    this.#linesInRun = 0;
    this.#runLength = 0;
    this.#goodFrame();
    if (this.#decoded[0] === messages.data.kind) this.#binaryData(length);
    else this.#message(decodeBinary(this.#decoded, length), entryOfKind(this.#decoded[0]!) !== undefined);
    return true;
  }

  #binaryData(length: number): void {
    const bytes = this.#decoded;
    if (length < dataOffsets.values + CRC_BYTES) {
      this.#malformed();
      return;
    }
    if (!this.#isOurs(readU16(bytes, dataOffsets.session))) return;
    const layout = this.#layouts[bytes[dataOffsets.stream]!];
    if (layout === undefined || layout.binaryBytes !== length) {
      this.#malformed();
      return;
    }
    readDataFrame(bytes, layout, this.#frame);
    this.counters.dataFrames++;
    this.#sink.data(this.#frame);
  }

  /** Keeps the bytes and looks for text frames among them. False when they showed that the line is text: it is, from here on. */
  #appendRun(chunk: Uint8Array, from: number, end: number): boolean {
    for (let i = from; i < end; i++) {
      const byte = chunk[i]!;
      this.#run[this.#runLength] = byte;
      if (byte === LF && frameLineBefore(this.#run, 0, this.#runLength) >= 0) this.#linesInRun++;
      this.#runLength++;
      if (this.#linesInRun < FALLBACK_LINES && this.#runLength < RUN_BYTES_MAX) continue;
      this.#fallBack();
      // The bytes after this one belong to the text line that begins there.
      this.#consume(chunk.subarray(i + 1, end));
      return false;
    }
    return true;
  }

  /** The run is text after all: read it as such. */
  #fallBack(): void {
    const run = this.#run.slice(0, this.#runLength);
    this.#runLength = 0;
    this.#linesInRun = 0;
    this.#leading = 0;
    this.#encoding = 'text';
    this.counters.fallbacks++;
    this.#sink.fallback(this.#frame.arrivalUs);
    this.#consume(run);
  }

  // ---- text ----

  /** A line without its LF. A line that lost its LF has the next frame behind it, which is still good: it begins at the last `$`. */
  #line(line: Uint8Array): void {
    const end = line[line.length - 1] === CR ? line.length - 1 : line.length;
    if (end === 0) return;
    const start = line.lastIndexOf(DOLLAR);
    if (start >= 0 && hasRightTextCrc(line, start, end)) {
      if (start > 0) this.#corrupt(start, true);
      this.#frame.wireBytes = line.length - start + 1;
      this.#goodFrame();
      this.#textFrame(line, start, end);
    } else if (!this.#framed) this.#unframedLine(line, end);
    else if (isLogLine(line, end)) this.#logLine(line, end);
    else this.#corrupt(line.length + 1, true);
  }

  #textFrame(line: Uint8Array, start: number, end: number): void {
    const isData = line[start + 1] === messages.data.word.charCodeAt(0) && line[start + 2] === COMMA;
    if (isData) this.#textData(line, start, end);
    else this.#message(decodeText(line, start, end), true);
  }

  #textData(line: Uint8Array, start: number, end: number): void {
    const session = parseHex(line, start + dataTextOffsets.session, 4);
    const stream = parseHex(line, start + dataTextOffsets.stream, 2);
    if (session < 0 || stream < 0) {
      this.#malformed();
      return;
    }
    if (!this.#isOurs(session)) return;
    const layout = this.#layouts[stream];
    if (layout?.textBytes !== end - start || !readTextDataFrame(line, start, layout, this.#frame)) {
      this.#malformed();
      return;
    }
    this.counters.dataFrames++;
    this.#sink.data(this.#frame);
  }

  #unframedLine(line: Uint8Array, end: number): void {
    const bytes = line.subarray(0, end);
    if (!isUtf8(bytes) || bytes.some((byte) => byte < 0x20 && byte !== 0x09)) {
      this.#corrupt(line.length + 1, true);
      return;
    }
    const text = new TextDecoder().decode(bytes);
    const readings = this.#plain.read(text);
    if (readings === undefined) this.#logLine(line, end);
    else {
      this.counters.plainLines++;
      this.#sink.plain(readings, this.#frame.arrivalUs);
    }
  }

  #logLine(line: Uint8Array, end: number): void {
    this.counters.textLines++;
    this.#sink.text(new TextDecoder().decode(line.subarray(0, end)), this.#frame.arrivalUs);
  }

  // ---- both ----

  #message(message: DeviceMessage | HostMessage | undefined, isKnown: boolean): void {
    if (message === undefined) {
      if (isKnown) this.#malformed();
      else this.counters.unknownFrames++;
      return;
    }
    const tag = 'session' in message ? message.session : SESSION_NONE;
    if (tag !== SESSION_NONE && this.#session !== NO_SESSION && tag !== this.#session) this.#foreign(tag);
    else this.#sink.message(message as DeviceMessage, this.#frame.arrivalUs);
  }

  /** Whether a `data` message with this tag is to be delivered. */
  #isOurs(tag: number): boolean {
    if (tag === this.#session) return true;
    if (tag !== SESSION_NONE) this.#foreign(tag);
    else {
      this.counters.monitorFrames++;
      this.#sink.monitor?.(this.#frame.arrivalUs);
    }
    return false;
  }

  #foreign(tag: number): void {
    this.counters.foreignFrames++;
    this.#sink.foreign(tag, this.#frame.arrivalUs);
  }

  #goodFrame(): void {
    this.counters.frames++;
    if (!this.#inSync) this.counters.resyncs++;
    this.#inSync = true;
    if (this.#framed) return;
    this.#framed = true;
    this.#guard.limit = TEXT_LINE_BYTES_MAX;
  }

  #malformed(): void {
    this.counters.malformedFrames++;
    this.#corrupt(this.#frame.wireBytes, true);
  }

  #corrupt(bytes: number, isFirst: boolean): void {
    this.#inSync = false;
    if (isFirst) this.counters.corruptFrames++;
    this.counters.corruptBytes += bytes;
    this.#sink.corrupt(bytes, this.#frame.arrivalUs);
  }
}

/** Printable and free of the signs of a damaged frame. */
function isLogLine(line: Uint8Array, end: number): boolean {
  for (let i = 0; i < end; i++) {
    const byte = line[i]!;
    if (byte < 0x20 || byte > 0x7e || byte === DOLLAR || byte === STAR) return false;
  }
  return true;
}
