/** Lets so many through per second and counts the rest: a worker that logs in a loop must not push events out of the ring. */
export class RateGate {
  held = 0;
  #passed = 0;
  #sinceMs = Number.NEGATIVE_INFINITY;

  constructor(readonly perSecond: number) {}

  passes(nowMs: number): boolean {
    if (nowMs - this.#sinceMs >= 1000) {
      this.#sinceMs = nowMs;
      this.#passed = 0;
    }
    if (this.#passed >= this.perSecond) {
      this.held++;
      return false;
    }
    this.#passed++;
    return true;
  }
}
