/**
 * The latest state of one stream: conflated, at most so many a second, and never live past its lifespan. Pure: times are
 * host monotonic microseconds and come in as arguments.
 */
import type { FrameRecord } from '../feed/frame.js';
import { NewestFrame } from '../messages/newest-frame.js';
import { stateMessage } from '../messages/state.js';

export interface StateStream {
  readonly board: string;
  readonly stream: string;
  readonly signals: readonly { readonly name: string }[];
}

export class Latest {
  /** A live state waits to be published. */
  private dirty = false;
  /** `live: false` was published for the newest frame. */
  private staleSaid = false;
  private nextUs = Number.NEGATIVE_INFINITY;
  private heldUntilUs = Number.NEGATIVE_INFINITY;
  private expiresUs = Number.NaN;
  private readonly board: string;
  /** Takes the place of `newest` with its first frame. */
  private reshaped: NewestFrame | null = null;
  newest: NewestFrame;

  /** @param periodUs least time between two states */
  constructor(
    { board, stream, signals }: StateStream,
    private readonly periodUs: number,
  ) {
    this.board = board;
    this.newest = new NewestFrame(stream, signals);
  }

  private get has(): boolean {
    return this.newest.version > 0;
  }

  /** The stream goes on with these signals; until the first frame that has them, the state stays what it was. */
  reshape(signals: StateStream['signals']): this {
    const { name, signals: before } = this.newest;
    const isSame = signals.length === before.length && signals.every((signal, i) => signal.name === before[i]!.name);
    this.reshaped = isSame ? null : new NewestFrame(name, signals);
    return this;
  }

  offer(frame: FrameRecord): void {
    const newest = this.reshaped ?? this.newest;
    if (!newest.take(frame)) return;
    this.newest = newest;
    this.reshaped = null;
    this.dirty = true;
    this.expiresUs = this.newest.liveUntilUs;
    // A backlog of stale frames is one transition, not one message each.
    if (this.staleSaid && this.expiresUs > frame.judgedUs) this.staleSaid = false;
  }

  /** A new connection knows nothing: say the present state, whatever it is. */
  forget(): void {
    this.dirty = this.has;
    this.staleSaid = false;
    this.nextUs = Number.NEGATIVE_INFINITY;
    this.heldUntilUs = Number.NEGATIVE_INFINITY;
  }

  /** When `take` would next give something; Infinity when only a new frame can change that. */
  get dueUs(): number {
    if (!this.has || this.staleSaid) return Number.POSITIVE_INFINITY;
    return Math.max(this.heldUntilUs, this.dirty ? Math.min(this.nextUs, this.expiresUs) : this.expiresUs);
  }

  /**
   * What is to be published now.
   * @param utcUs of a monotonic instant
   * @returns the JSON of a state message, or null when nothing is due
   */
  take(
    nowUs: number,
    utcUs: (monotonicUs: number) => number,
  ): { readonly live: boolean; readonly json: string } | null {
    if (!this.has || this.staleSaid || nowUs < this.heldUntilUs) return null;
    if (nowUs >= this.expiresUs) {
      this.staleSaid = true;
      this.dirty = false;
      return { live: false, json: this.json(nowUs, utcUs) };
    }
    if (!this.dirty || nowUs < this.nextUs) return null;
    this.dirty = false;
    // From the last turn, not from now, so that the rate holds; after a pause from now, so that there is no burst.
    this.nextUs = (nowUs - this.nextUs < this.periodUs ? this.nextUs : nowUs) + this.periodUs;
    return { live: true, json: this.json(nowUs, utcUs) };
  }

  /** The way out is full: nothing is due before that. */
  hold(untilUs: number): void {
    this.heldUntilUs = untilUs;
  }

  private json(nowUs: number, utcUs: (monotonicUs: number) => number): string {
    return JSON.stringify(stateMessage(this.board, this.newest, nowUs, utcUs(0)));
  }
}
