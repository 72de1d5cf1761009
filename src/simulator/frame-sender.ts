/** The frames of the modelled board: numbers and counters as the firmware's core keeps them, each written into the book. */
import { dataFlags } from '../codec/schema.js';
import type { BoardClock } from './clock.js';
import type { DeviceSession } from './device-session.js';
import { encodeFrame, encodeFrameText } from './frame-encoder.js';
import type { Guard } from './guard.js';
import type { TransmitRing } from './transmit-ring.js';
import { type FrameBook, loserCode } from './truth.js';

const MONITOR_PERIOD_US = 100_000;

/** A job, from its release to the ring: the release on the board's clock, the rest in true time, µs. */
export interface Job {
  readonly releaseUs: number;
  /** Number of the release since the boot. */
  readonly index: number;
  readonly startUs: number;
  readonly encodeUs: number;
  readonly handedUs: number;
}

export interface FrameSenderParts {
  readonly book: FrameBook;
  readonly ring: TransmitRing;
  readonly clock: BoardClock;
  readonly session: DeviceSession;
  readonly guard: Guard;
}

export class FrameSender {
  // ---- faults to come: taken by the next frames ----
  drops = 0;
  sequenceJump = 0;

  /** Releases that no job was run for, as frames say: 8 bits. */
  skipped = 0;
  /** The job before ran into the next period. */
  overran = false;
  /** The longest job since it was told last. */
  execMaxUs = 0;
  #seq = 0;
  #dropped = 0;
  #jumps = 0;
  #backs = 0;
  #shownUs = Number.NEGATIVE_INFINITY;
  readonly #bytes = new Uint8Array(64);

  constructor(private readonly parts: FrameSenderParts) {}

  boot(): void {
    this.drops = 0;
    this.sequenceJump = 0;
    this.skipped = 0;
    this.#seq = 0;
    this.#dropped = 0;
    this.#shownUs = Number.NEGATIVE_INFINITY;
  }

  skip(releases: number): void {
    this.skipped = (this.skipped + releases) & 0xff;
  }

  send({ releaseUs, index, startUs, encodeUs, handedUs }: Job): void {
    const { book, ring, clock, session } = this.parts;
    const seq = this.#nextSeq();
    const execUs = saturated(clock.at(encodeUs) - clock.at(startUs));
    if (execUs > this.execMaxUs) this.execMaxUs = execUs;
    if (!this.#isShown(releaseUs)) return;
    const i = book.open(session.tag, seq);
    book.release[i] = index;
    book.jumps[i] = this.#jumps;
    book.backs[i] = this.#backs;
    book.releaseUs[i] = clock.when(releaseUs);
    book.stampUs[i] = releaseUs % 2 ** 32;
    book.lateUs[i] = saturated(clock.at(startUs) - releaseUs);
    book.execUs[i] = execUs;
    book.queueBytes[i] = ring.queuedBytes(encodeUs);
    book.flags[i] = this.#flags();
    book.skipped[i] = this.skipped;
    book.dropped[i] = this.#dropped;
    if (this.drops > 0) {
      this.drops--;
      ring.drop();
    } else if (this.#put(i, handedUs)) return;
    book.loser[i] = loserCode.firmware;
    this.#dropped = (this.#dropped + 1) & 0xff;
  }

  #nextSeq(): number {
    if (this.sequenceJump > 0) this.#jumps++;
    else if (this.sequenceJump < 0) this.#backs++;
    const seq = (this.#seq + this.sequenceJump) >>> 0;
    this.sequenceJump = 0;
    this.#seq = (seq + 1) >>> 0;
    return seq;
  }

  /** A session that is only watched is shown some frames, and one that has not begun none. */
  #isShown(releaseUs: number): boolean {
    const { mode } = this.parts.session;
    if (mode === 'greeted') return false;
    if (mode !== 'monitor') return true;
    if (releaseUs - this.#shownUs < MONITOR_PERIOD_US) return false;
    this.#shownUs = releaseUs;
    return true;
  }

  #put(i: number, atUs: number): boolean {
    const { book, ring, session } = this.parts;
    if (session.encoding === 'text') {
      const bytes = encodeFrameText(book, i);
      return ring.put(bytes, bytes.length, atUs, i);
    }
    const length = encodeFrame(book, i, this.#bytes, 0, ring.queuedBytes(atUs) === 0);
    return ring.put(this.#bytes, length, atUs, i);
  }

  #flags(): number {
    const { state } = this.parts.guard;
    const armed = state === 'armed' ? dataFlags.armed : state === 'tripped' ? dataFlags.tripped : 0;
    return armed | (this.overran ? dataFlags.overrun : 0);
  }
}

const saturated = (us: number): number => Math.min(0xffff, Math.max(0, Math.floor(us)));
