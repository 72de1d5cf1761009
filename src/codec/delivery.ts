import { decodeBinary, readDataFrame, readU16 } from './binary.js';
import { DataFrame } from './data-frame.js';
import { type DecoderCounters, type DecoderSink, zeroCounters } from './decoder-sink.js';
import type { StreamDescriptor } from './descriptor.js';
import { parseHex } from './hex.js';
import { compileLayout, dataOffsets, dataTextOffsets, type StreamLayout } from './layout.js';
import { type DeviceMessage, entryOfKind, type HostMessage } from './message.js';
import { CRC_BYTES, messages, SESSION_NONE } from './schema.js';
import { COMMA, decodeText, hasKnownWord, readTextDataFrame } from './text.js';

const NO_SESSION = -1;
const DATA_WORD = messages.data.word.charCodeAt(0);

/** What becomes of a message whose CRC is right, in either encoding; and the counting of everything else. */
export class Delivery {
  readonly counters: DecoderCounters = zeroCounters();
  readonly frame = new DataFrame();
  /** Whether a valid frame was seen: from then on no line is level 0, or a damaged frame could become a phantom signal. */
  framed = false;
  readonly sink: DecoderSink;
  readonly #layouts: (StreamLayout | undefined)[] = new Array(256).fill(undefined);
  #session = NO_SESSION;
  #inSync = true;

  constructor(sink: DecoderSink) {
    this.sink = sink;
  }

  expectSession(tag: number | null): void {
    this.#session = tag ?? NO_SESSION;
  }

  layouts(streams: readonly StreamDescriptor[]): void {
    this.#layouts.fill(undefined);
    for (const stream of streams) this.#layouts[stream.id] = compileLayout(stream);
  }

  reset(): void {
    this.framed = false;
    this.#inSync = true;
    this.#session = NO_SESSION;
    this.#layouts.fill(undefined);
  }

  /** A binary message `bytes[0..length)` with the right CRC, `wireBytes` long on the line. */
  binary(bytes: Uint8Array, length: number, wireBytes: number): void {
    this.#good(wireBytes);
    if (bytes[0] === messages.data.kind) this.#binaryData(bytes, length);
    else this.#message(decodeBinary(bytes, length), entryOfKind(bytes[0]!) !== undefined);
  }

  /** A text frame `line[start..end)`, `$` first, with the right CRC. */
  text(line: Uint8Array, start: number, end: number, wireBytes: number): void {
    this.#good(wireBytes);
    if (line[start + 1] === DATA_WORD && line[start + 2] === COMMA) this.#textData(line, start, end);
    else this.#message(decodeText(line, start, end), hasKnownWord(line, start, end));
  }

  /** So many bytes made no sense. `isNew`: not the continuation of a run of such bytes already reported. */
  corrupt(bytes: number, isNew = true): void {
    this.#inSync = false;
    if (isNew) this.counters.corruptFrames++;
    this.counters.corruptBytes += bytes;
    this.sink.corrupt(bytes, isNew);
  }

  #good(wireBytes: number): void {
    this.frame.wireBytes = wireBytes;
    this.framed = true;
    this.counters.frames++;
    if (this.#inSync) return;
    this.#inSync = true;
    this.counters.resyncs++;
  }

  #binaryData(bytes: Uint8Array, length: number): void {
    if (length < dataOffsets.values + CRC_BYTES) {
      this.#malformed();
      return;
    }
    if (!this.#isOurs(readU16(bytes, dataOffsets.session))) return;
    const stream = bytes[dataOffsets.stream]!;
    const layout = this.#layouts[stream];
    if (layout === undefined || layout.binaryBytes !== length) {
      this.#undeclared(stream, length, layout?.binaryBytes ?? null);
      return;
    }
    readDataFrame(bytes, layout, this.frame);
    this.#data();
  }

  #textData(line: Uint8Array, start: number, end: number): void {
    const session = parseHex(line, start + dataTextOffsets.session, 4);
    const stream = parseHex(line, start + dataTextOffsets.stream, 2);
    if (end - start < dataTextOffsets.values || session < 0 || stream < 0) {
      this.#malformed();
      return;
    }
    if (!this.#isOurs(session)) return;
    const layout = this.#layouts[stream];
    if (layout === undefined || layout.textBytes !== end - start) {
      this.#undeclared(stream, end - start, layout?.textBytes ?? null);
    } else if (readTextDataFrame(line, start, layout, this.frame)) this.#data();
    else this.#malformed();
  }

  #data(): void {
    this.counters.dataFrames++;
    this.sink.data(this.frame);
  }

  /** Whether a `data` message with this tag is to be delivered. */
  #isOurs(tag: number): boolean {
    if (tag === this.#session) return true;
    if (tag !== SESSION_NONE) this.#foreign(tag);
    else {
      this.counters.monitorFrames++;
      this.sink.monitor?.(this.frame.arrivalUs);
    }
    return false;
  }

  #message(message: DeviceMessage | HostMessage | undefined, isKnown: boolean): void {
    if (message === undefined) {
      if (isKnown) this.#malformed();
      else this.counters.unknownFrames++;
      return;
    }
    if (messages[message.name].direction === 'host') {
      this.counters.echoedFrames++;
      return;
    }
    const tag = 'session' in message ? message.session : SESSION_NONE;
    if (tag !== SESSION_NONE && this.#session !== NO_SESSION && tag !== this.#session) this.#foreign(tag);
    else this.sink.message(message as DeviceMessage, this.frame.arrivalUs);
  }

  #foreign(tag: number): void {
    this.counters.foreignFrames++;
    this.sink.foreign(tag, this.frame.arrivalUs);
  }

  #undeclared(stream: number, bytes: number, declaredBytes: number | null): void {
    this.counters.undeclaredFrames++;
    this.sink.undeclared?.(stream, bytes, declaredBytes);
  }

  #malformed(): void {
    this.counters.malformedFrames++;
    this.corrupt(this.frame.wireBytes);
    this.#inSync = true; // the framing held
  }
}
