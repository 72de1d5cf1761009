/**
 * Parts of the bridge that could be taken out: each must make the invariant fail that is there for it. The bugs of
 * `planted-bugs.test.ts` are in the model or around the bridge; these replace a method of the product.
 */
import { describe, expect, it } from 'vitest';
import { Heartbeat } from '../board/heartbeat.js';
import { Delivery } from '../codec/delivery.js';
import type { Judgement } from '../deadline/judgement.js';
import { MissReporter } from '../deadline/misses.js';
import { StreamMonitor } from '../deadline/monitor.js';
import { BoardPolicy } from '../deadline/policy.js';
import { type Verdict, verdictCode } from '../deadline/verdict.js';
import { FirmWindow } from '../deadline/window.js';
import { BoardCondition } from '../loop/condition.js';
import { KnownBoard } from '../loop/known-board.js';
import { Episode, type EpisodeOptions } from './episode.js';
import { Guard } from './guard.js';
import { Violation } from './violation.js';

interface Mutant {
  readonly does: string;
  readonly invariant: string;
  readonly options: Partial<EpisodeOptions>;
  /** @returns what undoes it */
  readonly mutate: () => () => void;
}

/** Replaces a method, or a getter by what it would return. */
function replace<T extends object>(prototype: T, name: keyof T & string, by: PropertyDescriptor): () => void {
  const was = Object.getOwnPropertyDescriptor(prototype, name)!;
  Object.defineProperty(prototype, name, { configurable: true, ...by });
  return () => Object.defineProperty(prototype, name, was);
}

/** A seed with which the board is armed when the first fault comes. */
const ARMED = 1;
const nothing = { value: () => {} };
const { binary } = Delivery.prototype;
const violated = Object.getOwnPropertyDescriptor(FirmWindow.prototype, 'violated')!.get!;
const { guard, judged } = BoardPolicy.prototype;
const { charge, judge, live } = StreamMonitor.prototype;

/** One verdict is given for another. */
const mistaking = (from: Verdict, to: Verdict): PropertyDescriptor => ({
  value(this: StreamMonitor, ...frame: Parameters<typeof judge>): Judgement {
    const judgement = judge.apply(this, frame);
    if (judgement.verdict !== verdictCode[from]) return judgement;
    judgement.verdict = verdictCode[to];
    // Consistently, so that it is not the sums that give it away.
    this.counters.verdicts[verdictCode[from]]!--;
    this.counters.verdicts[verdictCode[to]]!++;
    return judgement;
  },
});

const mutants: readonly Mutant[] = [
  {
    does: 'does not know whether a frame is late',
    invariant: 'what is certainly late is called late',
    options: { kinds: ['stall'] },
    mutate: () => replace(StreamMonitor.prototype, 'judge', mistaking('late', 'indeterminate')),
  },
  {
    does: 'calls stale frames late',
    invariant: 'what is certainly stale is called stale',
    options: { kinds: ['stop'] },
    mutate: () => replace(StreamMonitor.prototype, 'judge', mistaking('stale', 'late')),
  },
  {
    does: 'tells no miss of a gap or a silence that ends',
    invariant: 'every gap is told once',
    options: { kinds: ['skip'] },
    mutate: () => replace(MissReporter.prototype, 'judged', nothing),
  },
  {
    does: 'tells no miss of a late frame',
    invariant: 'every miss is told once',
    options: { kinds: ['stall'] },
    mutate: () => replace(MissReporter.prototype, 'judged', nothing),
  },
  {
    does: 'forgets misses that wait when the session ends',
    invariant: 'every miss is told once',
    options: { kinds: ['delay', 'reset'], overlap: true },
    mutate: () => replace(MissReporter.prototype, 'flush', nothing),
  },
  {
    does: 'holds a miss back until the next frame, whenever that comes',
    invariant: 'every miss is told once',
    // Of this seed a silence follows a frame that the line held.
    options: { kinds: ['delay', 'dead to host'], overlap: true, seed: 10 },
    mutate: () => replace(MissReporter.prototype, 'expire', nothing),
  },
  {
    does: 'announces no silence',
    invariant: 'every silence is told once',
    options: { kinds: ['dead to host'] },
    mutate: () => replace(MissReporter.prototype, 'silenceBegan', nothing),
  },
  {
    does: 'charges nobody',
    invariant: 'culprits are counted as they were told',
    options: { kinds: ['stall'] },
    mutate: () => replace(StreamMonitor.prototype, 'charge', nothing),
  },
  {
    does: 'charges the line with everything',
    invariant: 'culprits are counted as they were told',
    options: { kinds: ['stall'] },
    mutate: () =>
      replace(StreamMonitor.prototype, 'charge', {
        value(this: StreamMonitor, _culprit: string, count: number) {
          charge.call(this, 'link', count);
        },
      }),
  },
  {
    does: 'counts no damage',
    invariant: 'damage is counted as it was found',
    options: { kinds: ['drop'] },
    mutate: () => replace(StreamMonitor.prototype, 'corrupt', nothing),
  },
  {
    does: 'counts no foreign frame',
    invariant: 'foreign frames are counted as they were found',
    options: { kinds: ['foreign'], class: 'firm' },
    mutate: () => replace(StreamMonitor.prototype, 'foreign', nothing),
  },
  {
    does: 'finds damage in everything',
    invariant: 'no damage is told without any',
    options: { kinds: ['duplicate'] },
    mutate: () =>
      replace(Delivery.prototype, 'binary', {
        value(this: Delivery, ...frame: Parameters<typeof binary>) {
          binary.apply(this, frame);
          this.corrupt(1);
        },
      }),
  },
  {
    does: 'holds nothing for live',
    invariant: 'what is fresh is told as live',
    options: { kinds: ['flip'] },
    mutate: () => replace(KnownBoard.prototype, 'isLive', { value: () => false }),
  },
  {
    does: 'stays dead after a silence',
    invariant: 'what is fresh is told as live',
    options: { kinds: ['dead to host'] },
    mutate: () =>
      replace(StreamMonitor.prototype, 'live', {
        value(this: StreamMonitor, nowUs: number) {
          return live.call(this, nowUs) && !(this.outage.toUs > 0);
        },
      }),
  },
  {
    does: 'tells once a second whether it is live',
    invariant: 'what is fresh is told as live',
    options: { kinds: ['dead to host'] },
    mutate: () => replace(BoardCondition.prototype, 'watch', nothing),
  },
  {
    does: 'never finds (m,k) broken',
    invariant: 'a broken (m,k) is told',
    options: { kinds: ['stall'], class: 'firm' },
    mutate: () => replace(FirmWindow.prototype, 'violated', { get: () => false }),
  },
  {
    does: 'does not count what was lost in (m,k)',
    invariant: 'a broken (m,k) is told',
    options: { kinds: ['skip'], class: 'hard' },
    mutate: () => replace(FirmWindow.prototype, 'pushMisses', nothing),
  },
  {
    does: 'finds (m,k) broken by one miss',
    invariant: 'nothing is degraded without a reason',
    options: { kinds: ['flip'] },
    mutate: () =>
      replace(FirmWindow.prototype, 'violated', {
        get(this: FirmWindow) {
          return this.met < this.size;
        },
      }),
  },
  {
    does: 'never finds (m,k) kept again',
    invariant: 'a degradation ends',
    options: { kinds: ['stall'], overlap: true },
    mutate: () => {
      const broken = new WeakSet<FirmWindow>();
      return replace(FirmWindow.prototype, 'violated', {
        get(this: FirmWindow) {
          if (violated.call(this)) broken.add(this);
          return broken.has(this);
        },
      });
    },
  },
  {
    does: 'takes no notice of what it finds at an empty port',
    invariant: 'a silence degrades',
    options: { kinds: ['dead to host'], class: 'firm' },
    mutate: () => replace(BoardPolicy.prototype, 'check', nothing),
  },
  {
    does: 'shows a degraded board as well',
    invariant: 'health is degraded while the alarm stands',
    options: { kinds: ['stall'] },
    mutate: () => replace(BoardPolicy.prototype, 'degraded', { get: () => false }),
  },
  {
    does: 'does not trip for a late frame',
    invariant: 'a late frame trips a hard, armed board',
    options: { kinds: ['stall'], class: 'hard', seed: ARMED },
    mutate: () =>
      replace(BoardPolicy.prototype, 'judged', {
        value(this: BoardPolicy, stream: number, judgement: Judgement) {
          const { verdict } = judgement;
          if (verdict === verdictCode.late) judgement.verdict = verdictCode.indeterminate;
          judged.call(this, stream, judgement);
          judgement.verdict = verdict;
        },
      }),
  },
  {
    does: 'does not trip for old data',
    invariant: 'old data trips a hard, armed board',
    options: { kinds: ['delay'], class: 'hard', seed: ARMED },
    mutate: () => replace(BoardPolicy.prototype, 'check', nothing),
  },
  {
    does: 'does not trip for a foreign frame',
    invariant: 'a foreign frame trips a hard, armed board',
    options: { kinds: ['foreign'], class: 'hard', seed: ARMED },
    mutate: () => replace(BoardPolicy.prototype, 'foreign', nothing),
  },
  {
    does: 'forgets what was armed when the session is lost',
    invariant: 'a session that is lost trips a hard, armed board',
    options: { kinds: ['unplug'], class: 'hard', seed: ARMED },
    mutate: () => replace(BoardPolicy.prototype, 'lost', nothing),
  },
  {
    does: 'takes a firm contract for a hard one',
    invariant: 'a firm contract trips nothing',
    options: { kinds: ['stall'], class: 'firm', seed: ARMED },
    mutate: () =>
      replace(BoardPolicy.prototype, 'guard', {
        value(this: BoardPolicy, ...stream: Parameters<typeof guard>) {
          Object.assign(stream[2].contract, { class: 'hard' });
          guard.apply(this, stream);
        },
      }),
  },
  {
    does: 're-arms what a late frame has tripped',
    invariant: 'a trip ends on a board that is safe',
    options: { kinds: ['stall'], class: 'hard', seed: ARMED },
    mutate: () =>
      replace(BoardPolicy.prototype, 'judged', {
        value(this: BoardPolicy, ...frame: Parameters<typeof judged>) {
          judged.apply(this, frame);
          if (this.tripCause === 'deadlineMissed') this.rearm();
        },
      }),
  },
  {
    does: 'trips in words only',
    invariant: 'a trip makes the board safe',
    options: { kinds: ['stall'], class: 'hard', seed: ARMED },
    mutate: () => {
      // `safe` is lost as well, or nobody would miss the heartbeats that go on.
      const undo = [replace(Heartbeat.prototype, 'trip', nothing), replace(Guard.prototype, 'safe', nothing)];
      return () => {
        for (const each of undo) each();
      };
    },
  },
];

function run(options: Partial<EpisodeOptions>): Violation | null {
  const base = {
    seed: 7,
    seconds: 60,
    isExact: true,
    overlap: false,
    watchesMemory: false,
    encoding: 'binary',
  } as const;
  try {
    new Episode({ ...base, ...options }).run();
    return null;
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  }
}

describe.each(mutants)('a bridge that $does', ({ invariant, options, mutate }) => {
  it(`breaks "${invariant}"`, () => {
    const restore = mutate();
    try {
      expect(run(options)?.invariant).toBe(invariant);
    } finally {
      restore();
    }
  });

  it('is what breaks it', () => {
    expect(run(options)?.message).toBeUndefined();
  });
});
