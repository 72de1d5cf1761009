import { hasRightCrc } from './binary.js';
import { cobsDecode } from './cobs.js';
import type { Delivery } from './delivery.js';
import { BINARY_WIRE_BYTES_MAX } from './schema.js';
import { CR, frameLineBefore, LF } from './text.js';

const TAB = 0x09;
/**
 * So many bytes without 0x00 cannot be a binary line, and are text when they are printable: two frames of the largest size, which one damaged delimiter has merged,
 * still fit. With one frame as the limit, one bit error would cost a board with wide frames its session.
 */
export const RUN_BYTES_MAX = 2 * BINARY_WIRE_BYTES_MAX;
/** So many text frames within one run cannot be one either. */
const FALLBACK_LINES = 2;

/** Whether a board could have printed these bytes; of so many bytes of noise some are not printable. */
function isText(run: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) {
    const byte = run[i]!;
    if ((byte < 0x20 || byte > 0x7e) && byte !== LF && byte !== CR && byte !== TAB) return false;
  }
  return true;
}

/** Cuts a binary line into runs at each 0x00, and notices when the line is text after all. */
export class BinaryLine {
  readonly #delivery: Delivery;
  readonly #onText: (run: Uint8Array) => void;
  /** A run whose end has not come yet; only bytes that were cut by the end of a chunk pass through here. */
  readonly #run = new Uint8Array(RUN_BYTES_MAX);
  #length = 0;
  #textLines = 0;
  /** 1 when the byte before the run was a 0x00 that ended nothing: it counts to the frame's length on the line. */
  #leading = 0;
  /** Bytes of this run have been thrown away already: it is too long for a frame, and no text. */
  #isCut = false;
  readonly #decoded = new Uint8Array(BINARY_WIRE_BYTES_MAX);

  /** `onText` gets the bytes of the run that turned out to be text; those after it are text too. */
  constructor(delivery: Delivery, onText: (run: Uint8Array) => void) {
    this.#delivery = delivery;
    this.#onText = onText;
  }

  /** Whether the run is longer than any frame: it is thrown away up to its 0x00. */
  get resyncing(): boolean {
    return this.#isCut || this.#length > BINARY_WIRE_BYTES_MAX;
  }

  /** Takes one run and its 0x00, or all bytes, or those up to the one that showed the line to be text. Returns the index after them. */
  take(chunk: Uint8Array, from: number): number {
    const last = Math.min(chunk.length, from + RUN_BYTES_MAX - this.#length);
    let end = from;
    while (end < last && chunk[end] !== 0) end++;
    const isWhole = this.#length === 0 && !this.#isCut && end < last;
    if (isWhole && this.#deliver(chunk, from, end)) return end + 1;
    const fellBackAt = this.#append(chunk, from, end);
    if (fellBackAt >= 0) return fellBackAt;
    if (end === last) return end;
    if (isWhole || this.#isCut || !this.#deliver(this.#run, 0, this.#length)) this.#dropRun();
    return end + 1;
  }

  /** Forgets the run so far. Returns its length. */
  reset(): number {
    const length = this.#length;
    this.#length = 0;
    this.#textLines = 0;
    this.#leading = 0;
    this.#isCut = false;
    return length;
  }

  /** True when the run was empty, or a frame with the right CRC, which has been delivered. */
  #deliver(bytes: Uint8Array, start: number, end: number): boolean {
    if (start === end) {
      this.#leading = 1;
      return true;
    }
    if (end - start > BINARY_WIRE_BYTES_MAX) return false;
    const length = cobsDecode(bytes, start, end, this.#decoded);
    if (!hasRightCrc(this.#decoded, length)) return false;
    const wireBytes = this.#leading + end - start + 1;
    this.reset();
    this.#delivery.binary(this.#decoded, length, wireBytes);
    return true;
  }

  #dropRun(): void {
    const isNew = !this.#isCut;
    if (isNew && this.resyncing) this.#delivery.counters.overlongRuns++;
    const leading = this.#leading;
    this.#delivery.corrupt(leading + this.reset() + 1, isNew);
  }

  /** The run is longer than two frames and no text: noise. The rest up to its 0x00 is part of it. */
  #cutRun(): void {
    const isNew = !this.#isCut;
    if (isNew) this.#delivery.counters.overlongRuns++;
    const leading = this.#leading;
    this.#delivery.corrupt(leading + this.reset(), isNew);
    this.#isCut = true;
  }

  /** Keeps the bytes and looks for text frames among them. Returns the index after the byte that showed the line to be text, or -1. */
  #append(chunk: Uint8Array, from: number, end: number): number {
    for (let i = from; i < end; i++) {
      const byte = chunk[i]!;
      this.#run[this.#length] = byte;
      if (byte === LF && frameLineBefore(this.#run, 0, this.#length) >= 0) this.#textLines++;
      this.#length++;
      if (this.#textLines < FALLBACK_LINES && this.#length < RUN_BYTES_MAX) continue;
      if (this.#textLines < FALLBACK_LINES && !isText(this.#run, this.#length)) {
        this.#cutRun();
        continue;
      }
      const run = this.#run.slice(0, this.#length);
      this.reset();
      this.#onText(run);
      return i + 1;
    }
    return -1;
  }
}
