/**
 * The host's clocks in virtual time: neither is the board's, nor runs at its rate, so a test that mixes them up fails; both
 * can be stepped.
 */
import type { EmulatedBoardName } from '../board/emulated/boards.js';
import type { ClockStepOptions } from './line-faults.js';

/** What the host's monotonic clock shows when the first board is powered on. */
const EPOCH_US = 5_000_000_000;
/**
 * The same with outlets: their clock is this machine's, and ahead of any machine's uptime nothing is ever late or stale to
 * them. A year and a half; in f64 it is exact to 8 ns.
 */
const OUTLETS_EPOCH_US = 50_000_000_000_000;
/** 2026-01-01T00:00:00Z, at either epoch. */
export const START_UTC_US = 1_767_225_600_000_000;

/**
 * How much slower than the host's the board's clock runs, ppm: a crystal, and the ceramic resonator of an Uno, which may be
 * 5000 off (one that was measured for a day was 2021 slow).
 */
const slowPpm = (board: EmulatedBoardName): number => (board.startsWith('uno') ? 2000 : 20);

export class VirtualHostClock {
  /** Host time that passes in one of the board's. */
  readonly #rate: number;
  readonly #startUs: number;
  /** Host time at which the present board was powered on. */
  #epochUs: number;
  #utcStepUs = 0;

  /** @param boardUs virtual time since the present board's power-on */
  constructor(
    board: EmulatedBoardName,
    hasOutlets: boolean,
    private readonly boardUs: () => number,
  ) {
    this.#rate = 1 + slowPpm(board) * 1e-6;
    this.#startUs = hasOutlets ? OUTLETS_EPOCH_US : EPOCH_US;
    this.#epochUs = this.#startUs;
  }

  /** Host monotonic. */
  nowUs(): number {
    return this.at(this.boardUs());
  }

  /** Host monotonic at a time of the present board. */
  at(boardUs: number): number {
    return this.#epochUs + boardUs * this.#rate;
  }

  utcUs(atUs: number): number {
    return START_UTC_US + this.#utcStepUs + atUs - this.#startUs;
  }

  step({ clock, ms }: ClockStepOptions): void {
    if (clock === 'utc') this.#utcStepUs += ms * 1e3;
    else this.#epochUs += ms * 1e3;
  }

  /** Another board takes the present one's place: the host's time goes on. */
  swap(replace: () => void): void {
    const nowUs = this.nowUs();
    replace();
    this.#epochUs = nowUs - this.boardUs() * this.#rate;
  }
}
