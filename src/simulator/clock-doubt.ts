/** What nobody can know of the board's time: after a jump of a clock, and while its rate has just changed. All instants in µs of true time. */

/** A clock whose rate has stepped by 200 ppm is followed within this. */
const RATE_FOLLOWED_US = 5e6;
/** Stamps are truncated, bounds cross by rounding. */
const ROUNDING_US = 3;
/** As long as the clock model keeps its bounds, a step of the rate that 1 ms polls hide leaves an error no larger than what they hide. */
const BOUNDS_US = 70e6;
const POLLS_HIDE_US = 1500;
const QUICK_US = 3500;
/** Two jumps that no answer has come between may cancel but for less than that. */
const QUICK_AGAIN_US = 500;

export class ClockDoubt {
  /** When the newest jump of a clock was over. */
  jumpEndUs = 0;
  #isJumpOpen = false;
  /** Round trip of an answer that shows the open jump. */
  #quickUs = QUICK_US;
  #bentUs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly nowUs: () => number,
    /** The board's clock at an instant. */
    private readonly deviceUsAt: (trueUs: number) => number,
  ) {}

  /** The board's clock jumps, or the host's stands still, until `endUs`: nothing is known of it before a ping that follows. */
  jump(endUs: number): void {
    this.jumpEndUs = Math.max(this.jumpEndUs, endUs);
    this.#quickUs = this.#isJumpOpen ? QUICK_AGAIN_US : QUICK_US;
    this.#isJumpOpen = true;
  }

  /** The board's clock changes its rate. On a line with polls that shows only when the offset has moved by more than those hide. */
  bend(atUs: number): void {
    this.#bentUs = atUs;
  }

  /** Whether nothing of what is said about time can be held to the truth. */
  get isExcused(): boolean {
    return this.#isJumpOpen || this.nowUs() < this.#bentUs + RATE_FOLLOWED_US;
  }

  /** By how much what is said of the clock may be wrong. */
  get toleranceUs(): number {
    return this.nowUs() < this.#bentUs + BOUNDS_US ? POLLS_HIDE_US : ROUNDING_US;
  }

  /** The pings of the session before are not awaited any more. */
  sessionBegan(): void {
    if (this.#isJumpOpen) this.jumpEndUs = Math.max(this.jumpEndUs, this.nowUs());
  }

  /** A quick answer from after the jump shows it; a slow one may hide it. @param rxUs when the board got the ping, its own clock's low 32 bits */
  ponged(rxUs: number, roundTripUs: number): void {
    if (!this.#isJumpOpen || this.nowUs() < this.jumpEndUs || !(roundTripUs < this.#quickUs)) return;
    if (((rxUs - this.deviceUsAt(this.jumpEndUs)) | 0) > 0) this.#isJumpOpen = false;
  }
}
