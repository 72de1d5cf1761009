/** Upper bounds of the stage histograms, in microseconds. Every outlet has the same, so that `/metrics` can add them up. */
export const STAGE_BOUNDS_US = [100, 200, 500, 1e3, 2e3, 5e3, 10e3, 20e3, 50e3, 100e3, 200e3, 500e3, 1e6, 5e6] as const;

export class StageHistogram {
  /** One more than the bounds: the last counts what is above them all. */
  readonly counts = new Float64Array(STAGE_BOUNDS_US.length + 1);
  /** [0]: in a cell, because a double field would be boxed with each store. */
  readonly sumUs = new Float64Array(1);

  add(us: number): void {
    // NaN while the clock of the board is not known: nothing to count.
    if (!(us >= 0)) return;
    let i = 0;
    while (i < STAGE_BOUNDS_US.length && us > STAGE_BOUNDS_US[i]!) i++;
    this.counts[i]!++;
    this.sumUs[0]! += us;
  }
}
