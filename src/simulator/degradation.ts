/** (m,k) by the truth beside the alarm that says that it is broken: told with the frame that breaks it, and over in time. */
import type { Judgement } from '../deadline/judgement.js';
import { controlStream } from '../deadline/model/stream.js';
import { verdictCode } from '../deadline/verdict.js';
import type { HealthRecord, MissRecord } from '../feed/events.js';
import type { ReceivedFrame } from '../feed/frame.js';
import type { LinkState } from '../feed/slot.js';
import type { TextEvent } from '../outlet.js';
import type { Checker } from './checker.js';
import type { HostThread } from './host-thread.js';
import type { Watcher } from './watcher.js';

const { m, k } = controlStream.contract;
/** So many misses within k frames break the contract. */
const BREAKING = k - m + 1;
/** After the last miss the window is well when it has gone, and the alarm ends after k frames more. */
const ENDED_AFTER = 2 * k;
/** Nobody looks at a silent port for so long, at most: the looks become rarer after a second of silence. */
const LOOKED_WITHIN_US = 50_000;
const ALARM = `degraded-${controlStream.name}`;

export class Degradation implements Partial<Watcher> {
  #isAlarmed = false;
  /** Raised since the newest judgement: its reason is looked for when that is known. */
  #isNew = false;
  /** Counts the frames that came or are missing. The bridge leaves indeterminate ones out: its window reaches further back. */
  #position = 0;
  /** Positions of the newest certain misses while the contract is enforced, a ring. */
  readonly #missedAt = new Float64Array(BREAKING);
  #certain = 0;
  /** Whether one of them broke the contract, if only until the next frame pushed an older one out. */
  #isBroken = false;
  /** With the first frame that it is enforced on the bridge forgets what was missed, that one too. */
  #isEnforced = false;
  /** Since the session began: whatever the bridge may count as missed. */
  #misses = 0;
  #wasSilent = false;
  #metInARow = 0;
  #silentSinceUs = Number.NaN;

  constructor(
    private readonly checker: Checker,
    private readonly thread: HostThread,
  ) {}

  started(): void {
    this.#isAlarmed = false;
    this.#isNew = false;
  }

  told(event: TextEvent): void {
    if (event.type === 'alarm' && event.id === ALARM) {
      this.#isNew = event.active && !this.#isAlarmed;
      this.#isAlarmed = event.active;
    } else if (event.type === 'board') this.#restart();
  }

  missed({ isGap, count }: MissRecord): void {
    if (isGap && Number.isNaN(count)) this.#wasSilent = true;
  }

  judged(_received: ReceivedFrame, judgement: Judgement): void {
    const { verdict, gap } = judgement;
    if (verdict === verdictCode.repeated || verdict === verdictCode.reordered) return;
    this.#count(judgement);
    this.#hasReason();
    const isMet = verdict === verdictCode.met && gap.count === 0 && !gap.wasSilence;
    this.#metInARow = isMet ? this.#metInARow + 1 : 0;
    const values = { seq: judgement.seq, m, k };
    if (this.#isBroken && !this.#isAlarmed) this.checker.fail('a broken (m,k) is told', values);
    if (this.#metInARow >= ENDED_AFTER && this.#isAlarmed) this.checker.fail('a degradation ends', values);
  }

  /** A silence breaks the contract whatever was lost in it. */
  ticked(state: LinkState): void {
    const { clockUs, nowUs } = this.thread;
    const isEnforced = clockUs >= this.checker.enforcedFromUs;
    if (state !== 'silent' || !isEnforced || this.thread.isReadingHung) this.#silentSinceUs = Number.NaN;
    else if (Number.isNaN(this.#silentSinceUs)) this.#silentSinceUs = clockUs;
    const silentUs = clockUs - this.#silentSinceUs;
    const isLookedAt = nowUs - this.checker.hostAwayUntilUs > LOOKED_WITHIN_US;
    if (silentUs > LOOKED_WITHIN_US && isLookedAt && !this.#isAlarmed)
      this.checker.fail('a silence degrades', { silentUs });
  }

  health({ degraded }: HealthRecord): void {
    if (degraded !== this.#isAlarmed)
      this.checker.fail('health is degraded while the alarm stands', { degraded, alarm: this.#isAlarmed });
  }

  #restart(): void {
    this.#isNew = false;
    this.#isEnforced = false;
    this.#certain = 0;
    this.#misses = 0;
    this.#wasSilent = false;
    this.#metInARow = 0;
    this.#silentSinceUs = Number.NaN;
  }

  #count({ verdict, gap, judgedUs }: Judgement): void {
    const wasEnforced = this.#isEnforced;
    this.#isBroken = false;
    this.#isEnforced = judgedUs >= this.checker.enforcedFromUs;
    const isMissed = verdict === verdictCode.late || verdict === verdictCode.stale;
    this.#misses += gap.count + (isMissed ? 1 : 0);
    this.#position += gap.count;
    if (wasEnforced) for (let i = Math.min(gap.count, BREAKING) - 1; i >= 0; i--) this.#missAt(this.#position - i);
    this.#position++;
    if (wasEnforced && this.checker.isCertainlyLate) this.#missAt(this.#position);
  }

  #missAt(position: number): void {
    this.#missedAt[this.#certain++ % BREAKING] = position;
    const oldest = this.#missedAt[this.#certain % BREAKING]!;
    if (this.#certain >= BREAKING && oldest > position - k) this.#isBroken = true;
  }

  #hasReason(): void {
    if (!this.#isNew) return;
    this.#isNew = false;
    if (this.#misses < BREAKING && !this.#wasSilent)
      this.checker.fail('nothing is degraded without a reason', { misses: this.#misses });
  }
}
