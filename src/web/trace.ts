/**
 * The last seconds of one signal, as the lowest and the highest value of each pixel column. Adding a frame costs the
 * same whatever the rate; a redraw costs two points a column. A spike of one frame stays visible.
 */
export class Trace {
  readonly #columns: number;
  readonly #columnSeconds: number;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  /** Which column of time each place of the ring holds; -1 when none. */
  readonly #holds: Float64Array;
  /** Two points a column: x in seconds relative to now, y in units, null where there is nothing. */
  readonly x: number[];
  readonly y: (number | null)[];

  constructor(seconds: number, columns: number) {
    this.#columns = columns;
    this.#columnSeconds = seconds / columns;
    this.#low = new Float64Array(columns);
    this.#high = new Float64Array(columns);
    this.#holds = new Float64Array(columns).fill(-1);
    this.x = new Array(columns * 2).fill(0);
    this.y = new Array(columns * 2).fill(null);
  }

  /** @param atSeconds release of the frame, any epoch, never negative */
  add(atSeconds: number, value: number): void {
    const column = Math.floor(atSeconds / this.#columnSeconds);
    const i = column % this.#columns;
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

  /** Fills x and y for a window that ends now. Columns without a frame are gaps: nothing is drawn over missing data. */
  render(nowSeconds: number): void {
    const last = Math.floor(nowSeconds / this.#columnSeconds);
    for (let k = 0; k < this.#columns; k++) {
      const column = last - this.#columns + 1 + k;
      const i = ((column % this.#columns) + this.#columns) % this.#columns;
      const there = this.#holds[i] === column;
      const x = (column + 0.5) * this.#columnSeconds - nowSeconds;
      this.x[2 * k] = x;
      this.x[2 * k + 1] = x;
      this.y[2 * k] = there ? this.#low[i]! : null;
      this.y[2 * k + 1] = there ? this.#high[i]! : null;
    }
  }

  clear(): void {
    this.#holds.fill(-1);
  }
}
