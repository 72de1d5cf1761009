/** Unwrapping of the 32-bit microseconds in frames to 64-bit device time. One per board, shared by its streams. */
import { unwrap32 } from '../codec/unwrap.js';

/** Without a 64-bit time from the board nothing is unwrapped across more silence than this: half a wrap is 35.8 min. */
export const UNWRAP_SILENCE_MAX_US = 30 * 60e6;

export class DeviceTime {
  #deviceUs = Number.NaN;
  #hostUs = Number.NaN;

  /** A 64-bit time that the board has sent (session, status, pong), and when it arrived. */
  anchor(deviceUs: number, arrivalUs: number): void {
    this.#deviceUs = deviceUs;
    this.#hostUs = arrivalUs;
  }

  /** Forgets the anchor: another boot. */
  restart(): void {
    this.#deviceUs = Number.NaN;
    this.#hostUs = Number.NaN;
  }

  /**
   * The 64-bit device time of a frame's 32-bit stamp: the candidate nearest to the newest known time.
   * NaN without an anchor, or when the last one is more than 30 min old: then the next `anchor` settles it.
   */
  unwrap(stampUs: number, arrivalUs: number): number {
    if (!(arrivalUs - this.#hostUs <= UNWRAP_SILENCE_MAX_US)) return Number.NaN;
    const unwrappedUs = unwrap32(this.#deviceUs, stampUs);
    if (unwrappedUs > this.#deviceUs) {
      this.#deviceUs = unwrappedUs;
      this.#hostUs = arrivalUs;
    }
    return unwrappedUs;
  }
}
