/** Clocks that jump again and again: one jump is a reset or a suspended host, many are a line that is not what it was said to be. */
import type { ClockModel } from '../deadline/clock.js';
import type { BoardReport } from './report.js';

const WINDOW_S = 60;
/** In a window. */
const STEPS_MAX = 3;
const TEXT = `the clocks of the board and of this host jumped against each other more than ${STEPS_MAX} times within a minute: on the board's native USB set line = "usb"; otherwise one of them is unsteady`;

export class ClockWatch {
  #seconds = 0;
  #stepsBefore = 0;

  constructor(
    private readonly clock: Pick<ClockModel, 'steps'>,
    private readonly report: Pick<BoardReport, 'alarm'>,
  ) {}

  everySecond(): void {
    const steps = this.clock.steps - this.#stepsBefore;
    if (steps > STEPS_MAX) this.report.alarm('clock', true, TEXT);
    if (++this.#seconds < WINDOW_S) return;
    if (steps <= STEPS_MAX) this.report.alarm('clock', false, `the clocks jumped ${steps} times within a minute`);
    this.#seconds = 0;
    this.#stepsBefore = this.clock.steps;
  }
}
