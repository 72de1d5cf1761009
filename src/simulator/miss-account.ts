/** Every miss is told once and in time, and the figures of a stream add up to what was told. */
import type { Judgement } from '../deadline/judgement.js';
import { culprits, verdictCode, verdicts } from '../deadline/verdict.js';
import type { MissRecord, StatsRecord } from '../feed/events.js';
import type { ReceivedFrame } from '../feed/frame.js';
import type { TextEvent } from '../outlet.js';
import type { Checker } from './checker.js';
import type { HostThread } from './host-thread.js';
import type { Watcher } from './watcher.js';

/** A miss may wait for the next frame of its stream so long, and is let go at the tick after. */
const HELD_MAX_US = 50_000;
const TICK_US = 5000;
/** What is charged to somebody. */
const charged = ['late', 'stale', 'lost', 'repeated', 'reordered'] as const;

interface Told {
  readonly isGap: boolean;
  readonly verdict: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly count: number;
}

const none: readonly Told[] = [];

interface Owed {
  readonly seq: number;
  readonly verdict: number;
  readonly judgedUs: number;
}

export class MissAccount implements Partial<Watcher> {
  /** Frames that were judged late, and whose miss has not been told. */
  readonly #owed: Owed[] = [];
  /** Misses of which the judgement has not been seen: it follows within the same call. */
  readonly #told: Told[] = [];
  #isSilenceTold = false;
  /** Of this session, by culprit: what its misses said. */
  readonly #charged = new Float64Array(culprits.length);

  constructor(
    private readonly checker: Checker,
    private readonly thread: HostThread,
  ) {}

  /** What a bridge that was killed owed nobody tells. */
  started(): void {
    this.#owed.length = 0;
    this.#told.length = 0;
  }

  told(event: TextEvent): void {
    if (event.type !== 'board') return;
    // A session begins; what the one before still held back was told when it ended.
    this.#noneOwed(Number.POSITIVE_INFINITY);
    this.#isSilenceTold = false;
    this.#charged.fill(0);
  }

  missed({ isGap, verdict, culprit, firstSeq, lastSeq, count }: MissRecord): void {
    if (isGap && Number.isNaN(count)) {
      if (this.#isSilenceTold) this.checker.fail('every silence is told once', { firstSeq });
      this.#isSilenceTold = true;
      return;
    }
    this.#charged[culprit]! += count;
    const at = isGap ? -1 : this.#owed.findIndex((owed) => owed.seq === firstSeq && owed.verdict === verdict);
    if (at >= 0) this.#owed.splice(at, 1);
    else this.#told.push({ isGap, verdict, firstSeq, lastSeq, count });
  }

  judged(_received: ReceivedFrame, judgement: Judgement): void {
    this.#gapTold(judgement);
    this.#frameTold(judgement);
    this.#told.length = 0;
  }

  ticked(): void {
    this.#noneOwed(this.thread.clockUs - HELD_MAX_US - TICK_US);
  }

  stats({ verdicts: counted, culprits: told }: StatsRecord): void {
    for (const [code, culprit] of culprits.entries()) {
      const missed = this.#charged[code]!;
      if (told[code] === missed) continue;
      this.checker.fail('culprits are counted as they were told', { culprit, counted: told[code], told: missed });
    }
    const sum = told.reduce((all, count) => all + count, this.#owed.length);
    const misses = charged.reduce((all, name) => all + counted[verdictCode[name]]!, 0);
    if (sum !== misses) this.checker.fail('every miss is charged to somebody', { sum, misses });
  }

  #gapTold({ gap, seq, verdict }: Judgement): void {
    const isNewest = verdict !== verdictCode.repeated && verdict !== verdictCode.reordered;
    if (isNewest && gap.wasSilence !== this.#isSilenceTold)
      this.checker.fail('every silence is told once', { seq, ended: gap.wasSilence, told: this.#isSilenceTold });
    if (isNewest) this.#isSilenceTold = false;
    const expected = gap.count > 0 || gap.wasSilence ? 1 : 0;
    const told = this.#toldOf(true);
    const isSame = told.every(
      ({ count, firstSeq, lastSeq }) =>
        count === gap.count && firstSeq === gap.firstSeq && lastSeq === gap.lastSeq && lastSeq === seq - 1,
    );
    if (told.length === expected && isSame) return;
    this.checker.fail('every gap is told once', { seq, missing: gap.count, expected, told });
  }

  #frameTold({ verdict, seq, judgedUs }: Judgement): void {
    const isLate = verdict === verdictCode.late || verdict === verdictCode.stale;
    const isMiss = isLate || verdict === verdictCode.repeated || verdict === verdictCode.reordered;
    const told = this.#toldOf(false);
    const isSame = told.every((miss) => miss.firstSeq === seq && miss.verdict === verdict);
    if (told.length === 0 && isLate) this.#owed.push({ seq, verdict, judgedUs });
    else if (told.length !== (isMiss ? 1 : 0) || !isSame)
      this.checker.fail('every miss is told once', { seq, verdict: verdicts[verdict], told });
  }

  #toldOf(gap: boolean): readonly Told[] {
    return this.#told.length === 0 ? none : this.#told.filter(({ isGap }) => isGap === gap);
  }

  /** Of what was judged before that, host's clock. */
  #noneOwed(beforeUs: number): void {
    for (const { seq, verdict, judgedUs } of this.#owed) {
      if (judgedUs >= beforeUs) continue;
      this.checker.fail('every miss is told once', { seq, verdict: verdicts[verdict], told: 'never' });
    }
  }
}
