/** How far from their nominal rate boards' clocks are, ppm: a crystal, a ceramic resonator, and one that is not trimmed. */
const OSCILLATORS_PPM = [250, 5000, 25_000] as const;
/** Most that a fault changes a rate by. */
const STEP_PPM = 200;

/** The board's oscillator: device time as a piecewise linear function of true time. */
export class BoardClock {
  #trueUs = 0;
  #deviceUs = 0;
  #rate = 1;
  #withinPpm: number = OSCILLATORS_PPM[0];

  /** Some oscillator, at some rate that such have. */
  choose(random: () => number): void {
    this.#withinPpm = OSCILLATORS_PPM[Math.floor(OSCILLATORS_PPM.length * random())]!;
    this.#drift(this.#withinPpm * (2 * random() - 1), 0);
  }

  /** From `trueUs` on it runs at another rate, which the same oscillator may have. */
  bend(random: () => number, trueUs: number): void {
    const ppm = (this.#rate - 1) * 1e6 + STEP_PPM * (2 * random() - 1);
    this.#drift(Math.min(this.#withinPpm, Math.max(-this.#withinPpm, ppm)), trueUs);
  }

  /** Device time at a true time, µs, not truncated. */
  at(trueUs: number): number {
    return this.#deviceUs + (trueUs - this.#trueUs) * this.#rate;
  }

  /** True time at which the clock shows this, if nothing changes until then. */
  when(deviceUs: number): number {
    return this.#trueUs + (deviceUs - this.#deviceUs) / this.#rate;
  }

  /** How long so much of its time takes at the present rate, true time. */
  takesUs(deviceUs: number): number {
    return deviceUs / this.#rate;
  }

  set(deviceUs: number, trueUs: number): void {
    this.#deviceUs = deviceUs;
    this.#trueUs = trueUs;
  }

  #drift(ppm: number, trueUs: number): void {
    this.set(this.at(trueUs), trueUs);
    this.#rate = 1 + ppm * 1e-6;
  }
}
