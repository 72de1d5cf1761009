/** Exponential backoff with jitter: many bridges must not knock on a restarted broker at the same instant. */

const FIRST_MS = 100;
const MAX_MS = 30_000;
/** A session that lasted this long was a good one: the next failure starts from the beginning. */
const STABLE_US = 5e6;
/** A broker that lets us in but not for long is there: it is not kept waiting for more than 3.2 s. */
const SHORT_SESSION_FAILURES_MAX = 5;

export class Backoff {
  private failures = 0;
  private upSinceUs = Number.NaN;

  /** @param random uniform in [0, 1) */
  constructor(
    private readonly random: () => number = Math.random,
    private readonly maxMs = MAX_MS,
  ) {}

  up(nowUs: number): void {
    this.upSinceUs = nowUs;
  }

  /** The connection failed or ended. @returns ms to wait: half of the step is fixed, half is drawn */
  down(nowUs: number): number {
    const upUs = nowUs - this.upSinceUs;
    if (upUs >= STABLE_US) this.failures = 0;
    else if (upUs >= 0) this.failures = Math.min(this.failures, SHORT_SESSION_FAILURES_MAX);
    this.upSinceUs = Number.NaN;
    const stepMs = Math.min(this.maxMs, FIRST_MS * 2 ** Math.min(this.failures, 20));
    this.failures++;
    return stepMs / 2 + (this.random() * stepMs) / 2;
  }

  /** Another broker: begin again. */
  reset(): void {
    this.failures = 0;
    this.upSinceUs = Number.NaN;
  }
}
