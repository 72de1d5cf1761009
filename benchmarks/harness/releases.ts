/**
 * The instants at which a board had planned to release. One that was held up runs only the newest release and numbers only what
 * it ran; the others are late all the same, and came with that frame as far as anybody can tell. Without them a board would
 * leave out its worst latencies, which a source that prints each line does not.
 */
export class PlannedReleases {
  #seq = Number.NaN;
  #releaseUs = Number.NaN;

  constructor(private readonly periodUs: number) {}

  /**
   * @param seq of a frame, and its release in device time, µs
   * @returns releases right before it that the board skipped; 0 across lost frames and a new boot: what was lost did not come
   */
  skippedBefore(seq: number, releaseUs: number): number {
    const isNext = seq === this.#seq + 1;
    const periods = Math.round((releaseUs - this.#releaseUs) / this.periodUs);
    this.#seq = seq;
    this.#releaseUs = releaseUs;
    return isNext && periods > 1 ? periods - 1 : 0;
  }
}

/** So long after the end of a window what was planned within it may still come. */
export const GRACE_MS = 100;
