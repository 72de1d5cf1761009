import { type ReadlineOptions, ReadlineParser } from '@serialport/parser-readline';
import { LF } from './text.js';

// Without an encoding the parser hands out bytes, which is what a CRC is computed over. Its type forbids to say so.
const asBytes = { delimiter: '\n', encoding: undefined } as unknown as ReadlineOptions;

const LINE_END = Uint8Array.of(LF);

export interface LineGuardSink {
  /** A line without its LF. Valid only during the call. */
  line(bytes: Uint8Array): void;
  /** Bytes of an overlong line thrown away: at the limit, at every further `limit` bytes, and at its LF. `first` once a line. */
  overlong(bytes: number, first: boolean): void;
}

/**
 * `@serialport/parser-readline` behind a length guard: the parser by itself keeps everything until the next LF, and a line
 * at the wrong baud rate may never have one. The guard feeds it line by line, so that the caller can stop after any line,
 * and throws an overlong line away up to its LF.
 */
export class LineGuard {
  /** Longest line taken, LF included. */
  limit: number;
  /** Whether an overlong line is being thrown away. */
  discarding = false;
  readonly #sink: LineGuardSink;
  readonly #parser = new ReadlineParser(asBytes);
  /** Bytes of the line so far: in the parser, or thrown away since the last report. */
  #length = 0;
  /** What the parser has just given. It is passed on outside of the parser, which a sink that throws would leave unusable. */
  #line: Uint8Array | null = null;

  constructor(sink: LineGuardSink, limit: number) {
    this.#sink = sink;
    this.limit = limit;
    // A flowing Transform emits within write(): no line waits for a later turn of the event loop.
    this.#parser.on('data', (line: Uint8Array) => {
      this.#line = line;
    });
  }

  /** Takes bytes from `from` up to and with the next LF, or all. Returns the index after the last byte taken. */
  push(chunk: Uint8Array, from: number): number {
    const lf = chunk.indexOf(LF, from);
    const end = lf < 0 ? chunk.length : lf + 1;
    if (this.discarding) this.#discard(end - from, lf >= 0);
    else if (this.#length + end - from > this.limit) return this.#overflow(chunk, from);
    else {
      this.#length = lf < 0 ? this.#length + end - from : 0;
      const line = this.#parse(from === 0 && end === chunk.length ? chunk : chunk.subarray(from, end));
      if (line !== null) this.#sink.line(line);
    }
    return end;
  }

  /** Forgets the line so far. Returns how many of its bytes no report has counted. */
  reset(): number {
    const length = this.#length;
    if (!this.discarding) this.#flushParser();
    this.discarding = false;
    this.#length = 0;
    return length;
  }

  /** The line passes its limit within this chunk: throw away so much of it, the rest goes the way of `#discard`. */
  #overflow(chunk: Uint8Array, from: number): number {
    const taken = this.limit - this.#length;
    this.#flushParser();
    this.#length = 0;
    this.discarding = true;
    this.#sink.overlong(this.limit, true);
    return Math.min(chunk.length, from + taken);
  }

  #discard(bytes: number, ended: boolean): void {
    this.#length += bytes;
    while (this.#length > this.limit) {
      this.#length -= this.limit;
      this.#sink.overlong(this.limit, false);
    }
    if (!ended) return;
    this.#sink.overlong(this.#length, false);
    this.#length = 0;
    this.discarding = false;
  }

  /** The line that these bytes complete, unless it is empty. */
  #parse(bytes: Uint8Array): Uint8Array | null {
    this.#parser.write(bytes);
    const line = this.#line;
    this.#line = null;
    return line;
  }

  /** The parser has no reset: an LF closes what it holds. */
  #flushParser(): void {
    if (this.#length > 0) this.#parse(LINE_END);
  }
}
