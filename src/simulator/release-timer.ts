/** The board's timer: releases at whole periods of its own clock, of which the newest waits for its job. Device time, µs. */
import { PERIOD_US } from './board.js';

const ROUNDING_US = 1e-3;

export class ReleaseTimer {
  /** When it next runs. */
  nextUs = 0;
  /** The release that waits; NaN when none does. */
  dueUs = Number.NaN;
  /** Its number since the boot, also of those that were replaced. */
  dueIndex = 0;
  #nextIndex = 0;

  boot(upUs: number): void {
    this.nextUs = (Math.floor(upUs / PERIOD_US) + 2) * PERIOD_US;
    this.#nextIndex = 0;
    this.dueUs = Number.NaN;
  }

  get isWaiting(): boolean {
    return !Number.isNaN(this.dueUs);
  }

  /** A release that still waits when the next one is due is replaced: the newest is worth most. */
  run(deviceUs: number): void {
    if (deviceUs < this.nextUs - ROUNDING_US) return;
    const missed = Math.max(0, Math.floor((deviceUs - this.nextUs + ROUNDING_US) / PERIOD_US));
    this.dueUs = this.nextUs + missed * PERIOD_US;
    this.dueIndex = this.#nextIndex + missed;
    this.nextUs = this.dueUs + PERIOD_US;
    this.#nextIndex = this.dueIndex + 1;
  }

  taken(): void {
    this.dueUs = Number.NaN;
  }
}
