import { isUtf8 } from 'node:buffer';
import type { Delivery } from './delivery.js';
import { LineGuard } from './line-guard.js';
import { PLAIN_LINE_BYTES_MAX, PlainReader } from './plain.js';
import { TEXT_LINE_BYTES_MAX } from './schema.js';
import { BANG, CR, DOLLAR, hasRightTextCrc, STAR } from './text.js';

const TAB = 0x09;

/** Cuts a text line into frames, plain readings, log lines and damage. */
export class TextLine {
  readonly #delivery: Delivery;
  readonly #guard: LineGuard;
  #plain = new PlainReader();
  /** The next line may lack its beginning: without a right CRC it says nothing. */
  #mayBePartial = false;

  constructor(delivery: Delivery) {
    this.#delivery = delivery;
    this.#guard = new LineGuard(
      {
        line: (line) => this.#line(line),
        overlong: (bytes, isFirst) => {
          if (isFirst) delivery.counters.overlongLines++;
          delivery.corrupt(bytes, isFirst);
        },
      },
      PLAIN_LINE_BYTES_MAX,
    );
  }

  /** Whether an overlong line is being thrown away. */
  get guarding(): boolean {
    return this.#guard.discarding;
  }

  /** Takes bytes up to and with the next LF, or all. Returns the index after them. */
  take(chunk: Uint8Array, from: number): number {
    this.#guard.limit = this.#delivery.framed ? TEXT_LINE_BYTES_MAX : PLAIN_LINE_BYTES_MAX;
    return this.#guard.push(chunk, from);
  }

  /** We came in the middle of a line: what there is up to its end counts only if it is a frame. */
  distrustNextLine(): void {
    this.#mayBePartial = true;
  }

  /** Forgets the line so far and what plain lines there were. Returns the bytes that nothing has counted. */
  reset(): number {
    this.#plain = new PlainReader();
    return this.#guard.reset();
  }

  /** A line without its LF. Behind a frame that lost its LF the next one is still good, so a frame begins at the last `$`. */
  #line(line: Uint8Array): void {
    const mayBePartial = this.#mayBePartial;
    this.#mayBePartial = false;
    const end = line[line.length - 1] === CR ? line.length - 1 : line.length;
    if (end === 0) return;
    // A line from host to device is our own, echoed.
    const start = line[0] === BANG ? 0 : line.lastIndexOf(DOLLAR);
    if (start >= 0 && hasRightTextCrc(line, start, end)) {
      if (start > 0) this.#delivery.corrupt(start);
      this.#delivery.text(line, start, end, line.length - start + 1);
    } else if (mayBePartial) return;
    else if (!this.#delivery.framed) this.#unframedLine(line, end);
    else if (isLogLine(line, end)) this.#logLine(line.subarray(0, end));
    else this.#delivery.corrupt(line.length + 1);
  }

  #unframedLine(line: Uint8Array, end: number): void {
    const bytes = line.subarray(0, end);
    if (!isUtf8(bytes) || bytes.some((byte) => (byte < 0x20 && byte !== TAB) || byte === 0x7f)) {
      this.#delivery.corrupt(line.length + 1);
      return;
    }
    const readings = this.#plain.read(new TextDecoder().decode(bytes));
    if (readings === undefined) {
      this.#logLine(bytes);
      return;
    }
    this.#delivery.counters.plainLines++;
    this.#delivery.sink.plain(readings, this.#delivery.frame.arrivalUs);
  }

  #logLine(bytes: Uint8Array): void {
    this.#delivery.counters.textLines++;
    this.#delivery.sink.text(new TextDecoder().decode(bytes), this.#delivery.frame.arrivalUs);
  }
}

/** Printable ASCII without the signs that a damaged frame would show. */
function isLogLine(line: Uint8Array, end: number): boolean {
  for (let i = 0; i < end; i++) {
    const byte = line[i]!;
    if ((byte < 0x20 && byte !== TAB) || byte > 0x7e || byte === DOLLAR || byte === STAR) return false;
  }
  return true;
}
