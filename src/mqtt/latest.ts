/**
 * The latest state of one stream: conflated, at most so many a second, and never live past its lifespan. Pure: times are
 * host monotonic microseconds and come in as arguments.
 */
import { type Verdict, verdicts } from '../deadline/verdict.js';
import type { FrameRecord } from '../feed/frame.js';
import { hex8, jsonInteger, jsonNumber, jsonTime } from './json.js';

/** The verdicts whose values are a new state. A stale one replaces the values too, but is never live. */
const shown: readonly boolean[] = verdicts.map((verdict) =>
  (['met', 'late', 'indeterminate', 'unverified', 'stale'] as readonly Verdict[]).includes(verdict),
);

export interface StateStream {
  readonly board: string;
  readonly stream: string;
  readonly signals: readonly string[];
}

export class Latest {
  private has = false;
  /** A live state waits to be published. */
  private dirty = false;
  /** `live: false` was published for the newest frame. */
  private staleSaid = false;
  private nextUs = Number.NEGATIVE_INFINITY;
  private heldUntilUs = Number.NEGATIVE_INFINITY;
  private baseUs = Number.NaN;
  private expiresUs = Number.NaN;
  private boot = 0;
  private seq = Number.NaN;
  private releaseUs = Number.NaN;
  private uncertaintyUs = Number.NaN;
  private verdict = 0;
  private readonly values: Float64Array;
  private readonly head: string;
  private readonly names: readonly string[];
  /** When the newest frame was judged. */
  judgedUs = Number.NaN;
  lifespanUs = 0;

  /** @param periodUs least time between two states */
  constructor(
    stream: StateStream,
    private readonly periodUs: number,
  ) {
    this.values = new Float64Array(stream.signals.length);
    this.names = stream.signals.map((name) => `${JSON.stringify(name)}:`);
    this.head = `{"board":${JSON.stringify(stream.board)},"stream":${JSON.stringify(stream.stream)},"boot":"`;
  }

  offer(frame: FrameRecord): void {
    if (!shown[frame.verdict]) return;
    if (this.has && frame.boot === this.boot && frame.seq <= this.seq) return;
    const released = frame.verified && Number.isFinite(frame.releaseHostUs);
    this.has = true;
    this.dirty = true;
    this.boot = frame.boot;
    this.seq = frame.seq;
    this.releaseUs = frame.verified ? frame.releaseUs : Number.NaN;
    this.uncertaintyUs = released ? frame.uncertaintyUs : Number.POSITIVE_INFINITY;
    this.verdict = frame.verdict;
    this.judgedUs = frame.judgedUs;
    this.lifespanUs = frame.lifespanUs;
    // Without a device time the age counts from the arrival: a lower bound, and the message says so (uncertaintyUs null).
    this.baseUs = released ? frame.releaseHostUs : frame.arrivalUs;
    const doubtUs = Number.isFinite(this.uncertaintyUs) ? this.uncertaintyUs : 0;
    const expiresUs = this.baseUs + frame.lifespanUs - doubtUs;
    this.expiresUs = verdicts[frame.verdict] === 'stale' ? Number.NEGATIVE_INFINITY : expiresUs;
    // A backlog of stale frames is one transition, not one message each.
    if (this.staleSaid && this.expiresUs > frame.judgedUs) this.staleSaid = false;
    for (let i = 0; i < this.values.length; i++) this.values[i] = i < frame.count ? frame.values[i]! : Number.NaN;
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
      return { live: false, json: this.json(nowUs, utcUs, false) };
    }
    if (!this.dirty || nowUs < this.nextUs) return null;
    this.dirty = false;
    // From the last turn, not from now, so that the rate holds; after a pause from now, so that there is no burst.
    this.nextUs = (nowUs - this.nextUs < this.periodUs ? this.nextUs : nowUs) + this.periodUs;
    return { live: true, json: this.json(nowUs, utcUs, true) };
  }

  /** The way out is full: nothing is due before that. */
  hold(untilUs: number): void {
    this.heldUntilUs = untilUs;
  }

  private json(nowUs: number, utcUs: (monotonicUs: number) => number, live: boolean): string {
    let values = '';
    for (let i = 0; i < this.names.length; i++) {
      values += `${i === 0 ? '' : ','}${this.names[i]}${jsonNumber(this.values[i]!)}`;
    }
    return (
      `${this.head}${hex8(this.boot)}","seq":${jsonInteger(this.seq)},"releaseUs":${jsonInteger(this.releaseUs)},` +
      `"time":${jsonTime(utcUs(this.baseUs))},"ageUs":${jsonInteger(nowUs - this.baseUs)},` +
      `"uncertaintyUs":${jsonInteger(this.uncertaintyUs)},"lifespanUs":${jsonInteger(this.lifespanUs)},` +
      `"verdict":"${verdicts[this.verdict]}","live":${live},"values":{${values}}}`
    );
  }
}
