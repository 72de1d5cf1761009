/**
 * Where between its bounds the offset probably is: in the middle of the quicker half of the latest round trips, as NTP
 * takes it. The middle of the corridor is off on one side, because a thousand frames a second find quicker ways to the host
 * than two pings a second find to the board; a ping and its pong are one of each.
 *
 * That holds where both ways are alike. Where a line polls, they are not, and the round trips are much longer than the
 * corridor is wide: then nothing is said.
 */

const REMEMBERED = 16;
const QUICKER = REMEMBERED / 2;
/** How much longer than the width of the corridor a round trip may be, to know better than its middle. */
const LONGER_MAX = 1.5;

export class RoundTrips {
  readonly #atUs = new Float64Array(REMEMBERED);
  readonly #offsetUs = new Float64Array(REMEMBERED);
  readonly #roundTripUs = new Float64Array(REMEMBERED);
  readonly #sorted = new Float64Array(REMEMBERED);
  #added = 0;

  clear(): void {
    this.#added = 0;
  }

  /** @param atUs device time @param floorUs what the ping bounds the offset with from below @param ceilingUs the pong, from above */
  add(atUs: number, floorUs: number, ceilingUs: number): void {
    const i = this.#added++ % REMEMBERED;
    this.#atUs[i] = atUs;
    this.#offsetUs[i] = (floorUs + ceilingUs) / 2;
    this.#roundTripUs[i] = ceilingUs - floorUs;
  }

  /**
   * @param nowUs device time
   * @param slope of the offset
   * @param widthUs of the corridor at `nowUs`
   * @returns the offset host − device that is likely at `nowUs`, µs; NaN when nothing is known that the corridor does not say better
   */
  likelyOffsetUs(nowUs: number, slope: number, widthUs: number): number {
    if (this.#added < REMEMBERED) return Number.NaN;
    this.#sorted.set(this.#roundTripUs);
    const quickerUs = this.#sorted.sort()[QUICKER - 1]!;
    if (quickerUs > LONGER_MAX * widthUs) return Number.NaN;
    let sumUs = 0;
    let count = 0;
    for (let i = 0; i < REMEMBERED; i++) {
      if (this.#roundTripUs[i]! > quickerUs) continue;
      sumUs += this.#offsetUs[i]! + slope * (nowUs - this.#atUs[i]!);
      count++;
    }
    return sumUs / count;
  }
}
