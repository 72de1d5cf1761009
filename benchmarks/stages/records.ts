/** What the threads and processes of `stages` say to each other. */

/** The gateway is asked on it to `begin` anew, or to `tell`. */
export const CHANNEL = 'tautline-stages';
/** Frames of one window: a minute at 1 kHz. */
export const ROWS_MAX = 70_000;

export interface StagesRequest {
  readonly measureMs: number;
  /** Host monotonic at device time 0. */
  readonly zeroUs: number;
}

export interface StagesAnswer {
  /** Rows of `loopStamps` and of `outletStamps`, flat. */
  readonly loop: readonly number[];
  readonly outlet: readonly number[];
}
