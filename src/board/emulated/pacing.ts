/** Keeps a board's virtual time in step with the wall clock. Pure: the clock is passed in. */

/** Shorter waits cost more in wake-ups than they give in precision. */
const WAIT_MIN_US = 100;
/** The host's bytes are looked for at least this often. */
const WAIT_MAX_US = 1000;
/** Virtual time run at once when behind, so that bytes keep flowing while catching up. */
const SLICE_NS = 5e6;
/** Behind by more than this (a suspended machine), the board's time is moved instead of caught up. */
const CATCH_UP_MAX_NS = 10e9;

export interface PacedBoard {
  readonly nowNs: number;
  readonly nextEventNs: number;
  runUntil(virtualNs: number): void;
}

export class Pacing<Board extends PacedBoard = PacedBoard> {
  /** Virtual time that was given up after long standstills, in us. */
  skippedUs = 0;
  private startUs: number;
  private plannedUs: number;

  /** @param clockUs monotonic clock, in us */
  constructor(
    private readonly board: Board,
    private readonly clockUs: () => number,
  ) {
    this.plannedUs = clockUs();
    this.startUs = this.plannedUs - board.nowNs / 1e3;
  }

  /**
   * The board, run up to now, or a slice on the way there: what it is given after a wait it must not stamp with the time at
   * which the wait began. For its host a ping would be received before it was sent.
   */
  atNow(): Board {
    this.step();
    return this.board;
  }

  /** Runs the board up to now. */
  step(): void {
    const { board } = this;
    let targetNs = (this.clockUs() - this.startUs) * 1e3;
    const excessNs = targetNs - board.nowNs - CATCH_UP_MAX_NS;
    if (excessNs > 0) {
      this.startUs += excessNs / 1e3;
      this.skippedUs += excessNs / 1e3;
      targetNs -= excessNs;
    }
    board.runUntil(Math.min(targetNs, board.nowNs + SLICE_NS));
  }

  /** Lag of the step that has just been done, its output included: planned instant to now, in us. */
  lagUs(nowUs: number): number {
    return Math.max(0, nowUs - this.plannedUs);
  }

  /** Plans the next step and returns how long to wait for it, in us; 0 while there is time to catch up. */
  waitUs(nowUs: number): number {
    const { board } = this;
    const behindUs = nowUs - this.startUs - board.nowNs / 1e3;
    if (behindUs > SLICE_NS / 1e3) {
      // `plannedUs` stays: the whole way back is lag.
      return 0;
    }
    const nextUs = this.startUs + board.nextEventNs / 1e3;
    const waitUs = Math.min(WAIT_MAX_US, Math.max(WAIT_MIN_US, nextUs - nowUs));
    this.plannedUs = nowUs + waitUs;
    return waitUs;
  }
}
