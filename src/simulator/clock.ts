/** The board's oscillator: device time as a piecewise linear function of true time. */
export class BoardClock {
  #trueUs = 0;
  #deviceUs = 0;
  #rate = 1;

  /** Device time at a true time, µs, not truncated. */
  at(trueUs: number): number {
    return this.#deviceUs + (trueUs - this.#trueUs) * this.#rate;
  }

  /** True time at which the clock shows this, if nothing changes until then. */
  when(deviceUs: number): number {
    return this.#trueUs + (deviceUs - this.#deviceUs) / this.#rate;
  }

  get driftPpm(): number {
    return (this.#rate - 1) * 1e6;
  }

  /** From `trueUs` on it runs at this rate. */
  drift(ppm: number, trueUs: number): void {
    this.set(this.at(trueUs), trueUs);
    this.#rate = 1 + ppm * 1e-6;
  }

  set(deviceUs: number, trueUs: number): void {
    this.#deviceUs = deviceUs;
    this.#trueUs = trueUs;
  }
}
