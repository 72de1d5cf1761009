/** When a board streams: its first frame is here. The same for all arms, so that all settle for as long. */
export interface Awaited {
  /** Host monotonic at device time 0; 0 where frames carry host time. */
  readonly zeroUs: number;
  /** When the board was told to speak: frames from before may still be on their way. */
  readonly sinceUs: number;
}

/** What is asked over IPC; the answer is any message. */
export interface AwaitRequest {
  readonly awaits: Awaited;
}

/** An old frame lies before it was told to, or, taken for one of a board that has just begun at 0, in the future. */
export const isFirst = ({ sinceUs }: Awaited, plannedUs: number, nowUs: number): boolean =>
  plannedUs >= sinceUs && plannedUs <= nowUs;
