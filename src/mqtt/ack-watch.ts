/**
 * A broker that answers pings and acknowledges nothing: what waits behind the full window would wait for ever. A session
 * that begins anew sends it again. Pure.
 */

/** A slow line still acknowledges one message after the other; so many looks without any are no slowness. */
const LOOKS_MAX = 60;

export class AckWatch {
  private acknowledged = 0;
  private looks = 0;

  /**
   * Call once a second: time in which this thread stood does not count.
   * @param acknowledged by the broker, since the start
   * @returns whether it is time for a new session
   */
  look(inFlight: number, acknowledged: number): boolean {
    const isWaiting = inFlight > 0 && acknowledged === this.acknowledged;
    this.acknowledged = acknowledged;
    this.looks = isWaiting ? this.looks + 1 : 0;
    if (this.looks < LOOKS_MAX) return false;
    this.looks = 0;
    return true;
  }
}
