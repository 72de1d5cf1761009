/** Unwrapping of the 32-bit microseconds in frames to 64-bit device time. One per board, shared by its streams. */
import { distance32 } from '../codec/unwrap.js';

/** Without a 64-bit time from the board nothing is unwrapped across more silence than this: half a wrap is 35.8 min. */
const UNWRAP_SILENCE_MAX_US = 30 * 60e6;

/** A 64-bit time that is further from what is known than a quarter of a wrap is a slip of the board: a clock jumps by less. */
const SLIP_US = 2 ** 30;

interface Stamped {
  readonly releaseUs: number;
  readonly arrivalUs: number;
}

export class DeviceTime {
  readonly #stamped = { releaseUs: Number.NaN, arrivalUs: Number.NaN };
  #deviceUs = Number.NaN;
  #hostUs = Number.NaN;
  /** The newest slip, as host − device; NaN when another time has been taken since. */
  #slipOffsetUs = Number.NaN;
  /** Times that were not taken. */
  slips = 0;

  /**
   * A 64-bit time that the board has sent (session, status, pong), and when it arrived. One that is far from what is
   * known (firmware that read its two halves across a wrap) is not taken, unless the one before it said the same.
   */
  anchor(deviceUs: number, arrivalUs: number): void {
    const offsetUs = arrivalUs - deviceUs;
    const isKnown = !Number.isNaN(this.#deviceUs);
    if (isKnown && !areAlike(offsetUs, this.#hostUs - this.#deviceUs) && !areAlike(offsetUs, this.#slipOffsetUs)) {
      this.#slipOffsetUs = offsetUs;
      this.slips++;
      return;
    }
    this.#slipOffsetUs = Number.NaN;
    this.#deviceUs = deviceUs;
    this.#hostUs = arrivalUs;
  }

  /** Forgets the anchor: another boot. */
  restart(): void {
    this.#deviceUs = Number.NaN;
    this.#hostUs = Number.NaN;
    this.#slipOffsetUs = Number.NaN;
  }

  /**
   * The 64-bit device time of a 32-bit stamp: the candidate nearest to the newest known time.
   * NaN without an anchor, or when the last one is more than 30 min old: then the next `anchor` settles it.
   */
  unwrap(stampUs: number, arrivalUs: number): number {
    this.#stamped.releaseUs = stampUs;
    this.#stamped.arrivalUs = arrivalUs;
    this.release(this.#stamped, this.#stamped);
    return this.#stamped.releaseUs;
  }

  /** `unwrap` of a frame's release, into `out`. In objects, because numbers in arguments may be boxed (see `ClockModel`). */
  release(frame: Stamped, out: { releaseUs: number }): void {
    const { arrivalUs } = frame;
    if (!(arrivalUs - this.#hostUs <= UNWRAP_SILENCE_MAX_US)) {
      out.releaseUs = Number.NaN;
      return;
    }
    const releaseUs = this.#deviceUs + distance32(this.#deviceUs | 0, frame.releaseUs | 0);
    if (releaseUs > this.#deviceUs) {
      this.#deviceUs = releaseUs;
      this.#hostUs = arrivalUs;
    }
    out.releaseUs = releaseUs;
  }
}

const areAlike = (offsetUs: number, otherUs: number): boolean => Math.abs(offsetUs - otherUs) <= SLIP_US;
