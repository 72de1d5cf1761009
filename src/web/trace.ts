/**
 * The last seconds of one signal, as the lowest and the highest value of each pixel column. Adding a frame costs the
 * same whatever the rate; a redraw costs two points a column. A spike of one frame stays visible.
 */
export class Trace {
  readonly #columnSeconds: number;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  /** Which column of time each place of the ring holds; -1 when none. */
  readonly #holds: Float64Array;
  /** Two points a column: x in seconds relative to the right edge, y in units, null in a gap, undefined where a line goes on. */
  readonly x: number[];
  readonly y: (number | null | undefined)[];
  /** Release of the newest frame, same epoch as `add`; -Infinity before the first. */
  newestSeconds = Number.NEGATIVE_INFINITY;

  /** Empty columns between two frames that are no gap. */
  readonly #bridged: number;

  /** @param gapSeconds how long nothing comes before that is a gap */
  constructor(
    readonly seconds: number,
    readonly columns: number,
    readonly gapSeconds = 0,
  ) {
    this.#columnSeconds = seconds / columns;
    this.#bridged = Math.floor(gapSeconds / this.#columnSeconds);
    this.#low = new Float64Array(columns);
    this.#high = new Float64Array(columns);
    this.#holds = new Float64Array(columns).fill(-1);
    this.x = new Array(columns * 2).fill(0);
    this.y = new Array(columns * 2).fill(null);
  }

  /**
   * @param atSeconds release of the frame, any epoch, never negative
   * @param value NaN is none: nothing is drawn for it
   */
  add(atSeconds: number, value: number): void {
    if (!Number.isFinite(value)) return;
    if (atSeconds < this.newestSeconds - this.seconds) this.#beginAnew();
    const column = Math.floor(atSeconds / this.#columnSeconds);
    const i = column % this.columns;
    if (atSeconds > this.newestSeconds) this.newestSeconds = atSeconds;
    if (this.#holds[i] !== column) {
      if (column < this.#holds[i]!) return; // older than the window
      this.#holds[i] = column;
      this.#low[i] = value;
      this.#high[i] = value;
    } else {
      if (value < this.#low[i]!) this.#low[i] = value;
      if (value > this.#high[i]!) this.#high[i] = value;
    }
  }

  /** The clock was set back: what is here would hide what comes until the clock has caught up. */
  #beginAnew(): void {
    this.#holds.fill(-1);
    this.newestSeconds = Number.NEGATIVE_INFINITY;
  }

  /** @param utcUs releases; NaN where not known */
  addColumn(utcUs: Float64Array, values: Float64Array): void {
    for (let row = 0; row < utcUs.length; row++) if (utcUs[row]! > 0) this.add(utcUs[row]! / 1e6, values[row]!);
  }

  /**
   * Fills x and y for a window that ends at `edgeSeconds`. Nothing is drawn over missing data: columns without a frame
   * are null, a gap; but for those between two frames of a stream that is slower than the columns.
   */
  render(edgeSeconds: number): void {
    const last = Math.floor(edgeSeconds / this.#columnSeconds);
    let emptySince = Number.NaN;
    for (let k = 0; k < this.columns; k++) {
      const column = last - this.columns + 1 + k;
      const i = ((column % this.columns) + this.columns) % this.columns;
      const x = (column + 0.5) * this.#columnSeconds - edgeSeconds;
      this.x[2 * k] = x;
      this.x[2 * k + 1] = x;
      const isThere = this.#holds[i] === column;
      this.y[2 * k] = isThere ? this.#low[i]! : null;
      this.y[2 * k + 1] = isThere ? this.#high[i]! : null;
      if (!isThere) continue;
      if (k - emptySince <= this.#bridged) this.y.fill(undefined, 2 * emptySince, 2 * k);
      emptySince = k + 1;
    }
  }

  /** As it is now: what comes later does not change it. */
  copy(): Trace {
    const copy = new Trace(this.seconds, this.columns, this.gapSeconds);
    copy.#low.set(this.#low);
    copy.#high.set(this.#high);
    copy.#holds.set(this.#holds);
    copy.newestSeconds = this.newestSeconds;
    return copy;
  }
}
