import { BinaryLine } from './binary-line.js';
import type { DecoderCounters, DecoderSink } from './decoder-sink.js';
import { Delivery } from './delivery.js';
import type { StreamDescriptor } from './descriptor.js';
import type { Encoding } from './schema.js';
import { TextLine } from './text-line.js';

export type { DataFrame } from './data-frame.js';
export type { DecoderCounters, DecoderSink } from './decoder-sink.js';

/**
 * text: collecting a line. guard: the line is overlong, thrown away up to its LF.
 * binary: collecting a run. resync: the run is longer than any frame, thrown away up to its 0x00.
 * From binary and resync the line itself can fall back to text (`sink.fallback`); every other change is by `expect`.
 */
export type DecoderState = 'text' | 'guard' | 'binary' | 'resync';

/**
 * When a chunk came, host monotonic. In an object, which its owner reuses, because a double passed as an argument is
 * boxed wherever the call is not inlined.
 */
export interface Arrival {
  readonly arrivalUs: number;
}

/**
 * Bytes of one serial line in, frames and messages out. Pure: no clock, no I/O. Line noise never throws, memory is bounded,
 * and how the bytes are cut into chunks makes no difference. A binary `data` frame allocates nothing.
 */
export class Decoder {
  readonly #delivery: Delivery;
  readonly #text: TextLine;
  readonly #binary: BinaryLine;
  #encoding: Encoding = 'text';

  constructor(sink: DecoderSink) {
    this.#delivery = new Delivery(sink);
    this.#text = new TextLine(this.#delivery);
    this.#binary = new BinaryLine(this.#delivery, (run) => this.#fallBack(run));
  }

  get counters(): Readonly<DecoderCounters> {
    return this.#delivery.counters;
  }

  get encoding(): Encoding {
    return this.#encoding;
  }

  get state(): DecoderState {
    if (this.#encoding === 'text') return this.#text.guarding ? 'guard' : 'text';
    return this.#binary.resyncing ? 'resync' : 'binary';
  }

  /** Decodes a chunk. Chunk and arrival may be reused after the call. Not to be called by the sink. */
  push(chunk: Uint8Array, { arrivalUs }: Arrival): void {
    this.#delivery.frame.arrivalUs = arrivalUs;
    this.#delivery.counters.bytes += chunk.length;
    this.#consume(chunk);
  }

  /** The encoding of the bytes that follow. From within a call of the sink: from the byte after the message on. */
  expect(encoding: Encoding): void {
    if (encoding === this.#encoding) return;
    this.#encoding = encoding;
    const unfinished = encoding === 'binary' ? this.#text.reset() : this.#binary.reset();
    if (unfinished > 0) this.#delivery.corrupt(unfinished);
  }

  /** Whose data is good: the tag of `sessionTag`; or null, before a session, when `data` with any tag but 0 is foreign. */
  expectSession(tag: number | null): void {
    this.#delivery.expectSession(tag);
  }

  /** The streams that `data` may carry from now on; frames of others are `undeclared`. */
  layouts(streams: readonly StreamDescriptor[]): void {
    this.#delivery.layouts(streams);
  }

  /** The port was opened anew: nothing that was known of the line holds any more, and it may begin in the middle of a line. The counters go on. */
  reset(): void {
    this.#encoding = 'text';
    this.#text.reset();
    this.#text.distrustNextLine();
    this.#binary.reset();
    this.#delivery.reset();
  }

  #consume(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.#encoding === 'binary' ? this.#binary.take(chunk, at) : this.#text.take(chunk, at);
    }
  }

  #fallBack(run: Uint8Array): void {
    this.#encoding = 'text';
    this.#delivery.counters.fallbacks++;
    this.#delivery.sink.fallback(this.#delivery.frame.arrivalUs);
    this.#consume(run);
  }
}
