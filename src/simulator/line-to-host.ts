/**
 * The line from the board to the host: a UART's bit rate, a driver's delays, the kernel's buffer, and everything that can
 * go wrong on it. Bytes become readable in order; the book learns when.
 */
import { SESSION_NONE } from '../codec/schema.js';
import { DOLLAR } from '../codec/text.js';
import type { DelayModel } from '../deadline/model/line.js';
import { encodeFrame, encodeFrameText } from './frame-encoder.js';
import type { PlantedBug } from './planted-bugs.js';
import { type FrameBook, loserCode } from './truth.js';

/** What Linux holds of a terminal that nobody reads. */
const KERNEL_BYTES = 65_536;
const STORE_BYTES = 1 << 18;
const ENTRIES = 1 << 14;
const SCRATCH_BYTES = 4096;

/** Done to one of the next frames. */
export type FrameFault = 'flip' | 'drop' | 'insert' | 'duplicate' | 'reorder' | 'foreign';

export class LineToHost {
  /** Until then the line loses everything, or keeps it back, or turns it into other bytes. True time. */
  deafUntilUs = 0;
  /** Until then it is deaf because the host is suspended. */
  suspendedUntilUs = 0;
  heldUntilUs = 0;
  garbledUntilUs = 0;
  /** Bytes that the kernel's buffer had no room for. */
  overflowedBytes = 0;
  lastOverflowUs = Number.NEGATIVE_INFINITY;
  /** What was really put on the line, for exact counts. */
  readonly done = { duplicate: 0, reorder: 0, foreign: 0, damaged: 0, noise: 0, lost: 0 };
  readonly byteUs: number;
  readonly #faults: FrameFault[] = [];
  /** A frame taken out of its place, and how many go before it. */
  #held: { readonly bytes: Uint8Array; readonly frame: number } | null = null;
  #overtakers = 0;
  /** A frame that has only lost a delimiter. */
  #undamaged: Uint8Array | null = null;
  #freeUs = 0;
  #readyUs = 0;
  readonly #store = new Uint8Array(STORE_BYTES);
  #head = 0;
  #tail = 0;
  readonly #entryReadyUs = new Float64Array(ENTRIES);
  readonly #entryEnd = new Float64Array(ENTRIES);
  #first = 0;
  #last = 0;
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);

  constructor(
    baud: number,
    private readonly model: DelayModel,
    private readonly book: FrameBook,
    private readonly random: () => number,
    private readonly bug: PlantedBug | null,
  ) {
    this.byteUs = 1e7 / baud;
  }

  /** Bytes that the board has given to its UART and that have not left, at a true time. */
  queued(atUs: number): number {
    return this.#freeUs <= atUs ? 0 : Math.ceil((this.#freeUs - atUs) / this.byteUs);
  }

  /** The board was reset: what its ring held is gone. */
  cut(nowUs: number): void {
    this.#freeUs = Math.min(this.#freeUs, nowUs);
  }

  /** Lets one of the next frames suffer this. */
  inject(fault: FrameFault): void {
    this.#faults.push(fault);
  }

  /** @param frame its index in the book, -1 for other messages */
  send(bytes: Uint8Array, from: number, to: number, atUs: number, frame: number): void {
    const startUs = Math.max(this.#freeUs, atUs);
    this.#freeUs = startUs + (to - from) * this.byteUs;
    if (frame >= 0) this.book.handedUs[frame] = startUs;
    const doneUs = this.#freeUs;
    if (doneUs < this.deafUntilUs) {
      this.done.lost++;
      if (frame >= 0 && doneUs < this.suspendedUntilUs) this.book.loser[frame] = loserCode.host;
      return;
    }
    if (doneUs < this.garbledUntilUs) this.#garble(to - from, doneUs, frame);
    else if (frame >= 0 && (this.#faults.length > 0 || this.#held !== null)) {
      this.#faulty(bytes.slice(from, to), doneUs, frame);
    } else this.#deliver(bytes, from, to, doneUs, frame);
  }

  // ---- the host's side ----

  /** When there is something to read; Infinity when nothing is on its way. */
  get readableUs(): number {
    return this.#first === this.#last ? Number.POSITIVE_INFINITY : this.#entryReadyUs[this.#first % ENTRIES]!;
  }

  /** Copies what is readable, at most `into.length` bytes. @returns how many */
  read(into: Uint8Array, nowUs: number): number {
    const start = this.#head;
    const limit = start + into.length;
    while (this.#first < this.#last && this.#entryReadyUs[this.#first % ENTRIES]! <= nowUs && this.#head < limit) {
      const end = this.#entryEnd[this.#first % ENTRIES]!;
      this.#head = Math.min(end, limit);
      if (this.#head === end) this.#first++;
    }
    for (let i = start; i < this.#head; i++) into[i - start] = this.#store[i % STORE_BYTES]!;
    return this.#head - start;
  }

  /** The port was closed: nobody reads what is there. */
  flush(): void {
    this.#first = this.#last;
    this.#head = this.#tail;
  }

  // ---- ways to the host ----

  #deliver(bytes: Uint8Array, from: number, to: number, doneUs: number, frame: number): void {
    const room = this.#last - this.#first > ENTRIES - 4 ? 0 : KERNEL_BYTES - (this.#tail - this.#head);
    if (room < to - from) {
      this.overflowedBytes += to - from - room;
      this.lastOverflowUs = doneUs;
      if (frame >= 0) {
        this.book.loser[frame] = loserCode.host;
        // Without its last delimiter it is as good as before: the first of its neighbour may do.
        const isWhole = to - from - room === 1 && bytes[to - 1] === 0;
        if (!isWhole) this.book.damaged[frame] = 1;
      }
      // What there is room for is kept: the reader finds a piece of a frame.
      if (room > 0) this.#keep(bytes, from, from + room, doneUs);
      return;
    }
    // Now and then a read cuts a frame in two.
    const cutAt = this.random() < 1 / 64 ? from + 1 + Math.floor(this.random() * (to - from - 1)) : to;
    if (cutAt < to) this.#keep(bytes, from, cutAt, doneUs - (to - cutAt) * this.byteUs);
    this.#keep(bytes, cutAt < to ? cutAt : from, to, doneUs);
    if (frame >= 0 && Number.isNaN(this.book.readyUs[frame]!)) this.book.readyUs[frame] = this.#readyUs;
  }

  #keep(bytes: Uint8Array, from: number, to: number, doneUs: number): void {
    for (let i = from; i < to; i++) this.#store[(this.#tail + i - from) % STORE_BYTES] = bytes[i]!;
    const atUs = this.model.toHost(doneUs, this.random);
    this.#readyUs = Math.max(this.#readyUs, atUs, this.heldUntilUs);
    this.#tail += to - from;
    this.#entryReadyUs[this.#last % ENTRIES] = this.#readyUs;
    this.#entryEnd[this.#last % ENTRIES] = this.#tail;
    this.#last++;
  }

  #faulty(bytes: Uint8Array, doneUs: number, frame: number): void {
    if (this.#held !== null && this.#overtakers-- <= 0) {
      const late = this.#held;
      this.#held = null;
      this.done.reorder++;
      this.#deliver(bytes, 0, bytes.length, doneUs, frame);
      this.#deliver(late.bytes, 0, late.bytes.length, doneUs, late.frame);
      return;
    }
    const fault = this.#held === null ? this.#faults.shift() : undefined;
    if (fault === 'reorder') {
      this.#held = { bytes, frame };
      this.#overtakers = Math.floor(3 * this.random());
      return;
    }
    if (fault === 'insert') this.#insert(doneUs);
    else if (fault === 'foreign') this.#foreign(doneUs, frame, bytes[0] === DOLLAR);
    if (fault === 'flip' && this.bug === 'changes frames and their CRC') {
      this.book.execUs[frame]! ^= 1;
      encodeFrame(this.book, frame, bytes, 0, bytes[0] === 0);
      this.book.execUs[frame]! ^= 1;
      this.#deliver(bytes, 0, bytes.length, doneUs, frame);
      return;
    }
    const damaged = fault === 'flip' ? this.#flip(bytes) : fault === 'drop' ? this.#drop(bytes) : bytes;
    if (damaged !== bytes && damaged !== this.#undamaged) this.#damage(frame);
    this.#deliver(damaged, 0, damaged.length, doneUs, frame);
    if (fault !== 'duplicate') return;
    this.done.duplicate++;
    this.#deliver(bytes, 0, bytes.length, doneUs, frame);
  }

  #damage(frame: number): void {
    this.book.damaged[frame] = 1;
    this.done.damaged++;
  }

  /** One to eight bits within 24 bytes. */
  #flip(bytes: Uint8Array): Uint8Array {
    const flipped = bytes.slice();
    const from = Math.floor(this.random() * Math.max(1, bytes.length - 24));
    const bits = 1 + Math.floor(8 * this.random());
    for (let i = 0; i < bits; i++) {
      const at = from + Math.floor(this.random() * Math.min(24, bytes.length - from));
      flipped[at]! ^= 1 << Math.floor(8 * this.random());
    }
    return flipped.every((byte, i) => byte === bytes[i]) ? bytes : flipped;
  }

  /** One to 24 bytes. */
  #drop(bytes: Uint8Array): Uint8Array {
    const count = Math.min(bytes.length, 1 + Math.floor(24 * this.random()));
    const from = Math.floor(this.random() * (bytes.length - count + 1));
    const rest = new Uint8Array(bytes.length - count);
    rest.set(bytes.subarray(0, from));
    rest.set(bytes.subarray(from + count), from);
    // Without a delimiter it is as good as before: the one of its neighbour may do.
    const isWhole = count === 1 && bytes[from] === 0;
    if (isWhole) this.#undamaged = rest;
    return rest;
  }

  /** One to 24 bytes of noise between two frames. */
  #insert(doneUs: number): void {
    const count = 1 + Math.floor(24 * this.random());
    this.done.noise++;
    for (let i = 0; i < count; i++) this.#scratch[i] = Math.floor(256 * this.random());
    this.#deliver(this.#scratch, 0, count, doneUs, -1);
  }

  /** A frame with a right CRC and the tag of a session that is not ours. */
  #foreign(doneUs: number, frame: number, isText: boolean): void {
    const { book } = this;
    const tag = book.tag[frame]!;
    const other = tag ^ (1 + Math.floor(0xfffe * this.random()));
    book.tag[frame] = other === SESSION_NONE ? 0xffff : other;
    const bytes = isText ? encodeFrameText(book, frame) : this.#scratch;
    const end = isText ? bytes.length : encodeFrame(book, frame, bytes, 0, true);
    book.tag[frame] = tag;
    this.done.foreign++;
    this.#deliver(bytes, 0, end, doneUs, -1);
  }

  /** At the wrong baud rate other bytes come, and another number of them. */
  #garble(length: number, doneUs: number, frame: number): void {
    if (frame >= 0) this.#damage(frame);
    const count = Math.min(SCRATCH_BYTES, Math.ceil(length * (0.2 + 1.6 * this.random())));
    for (let i = 0; i < count; i++) this.#scratch[i] = Math.floor(256 * this.random());
    this.#deliver(this.#scratch, 0, count, doneUs, -1);
  }
}
