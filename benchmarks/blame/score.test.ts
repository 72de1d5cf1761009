import { describe, expect, it } from 'vitest';
import { culpritCode, verdictCode } from '../../src/deadline/verdict.js';
import { type MissRow, missColumns } from './records.js';
import type { Evidence } from './rig.js';
import { figuresOf, judge } from './score.js';
import type { TrueFrame } from './truth.js';

const contract = {
  class: 'firm',
  m: 990,
  k: 1000,
  jitterUs: 100,
  deadlineUs: 10_000,
  lifespanUs: 250_000,
  leaseUs: 50_000,
  budgets: { firmwareUs: 2000, linkUs: 3000, hostUs: 5000 },
  delivery: { outletUs: 0, consumerUs: 0 },
} as const;
const windows = [{ cause: 'a fault', fromUs: 0, toUs: 1e9 }];

/** Frame 7 was released at 0, left the UART at 1 ms, and was readable at 40 ms: the link was late. */
const frame: TrueFrame = { releaseUs: 0, sentUs: 1000, readableUs: 40_000 };

function miss(over: Partial<MissRow>): MissRow {
  const zeros = Object.fromEntries(missColumns.map((column) => [column, 0])) as MissRow;
  return { ...zeros, verdict: verdictCode.late, firstSeq: 7, lastSeq: 7, count: 1, toUs: 41_000, ...over };
}

function judged(misses: readonly MissRow[], more: Partial<Evidence> = {}) {
  const truth = new Map([[7, frame]]);
  return judge(
    {
      truth,
      misses,
      frames: [],
      deliveries: [],
      stalls: [],
      floor: [],
      ready: { tag: 1, streams: [], atUs: 0 },
      ...more,
    },
    windows,
    contract,
  );
}

describe('a late frame', () => {
  it('is compared with the segment that was really late', () => {
    const told = [culpritCode.link, culpritCode.host, culpritCode.indeterminate];
    const { decisions } = judged(told.map((culprit) => miss({ culprit })));
    expect(decisions.map(({ truth }) => truth)).toEqual(['link', 'link', 'link']);
    expect(figuresOf(decisions)).toEqual({ accuracy: 1 / 2, indeterminate: 1 / 3, setAside: 0, lateFrames: 3 });
  });

  it('that had met and is blamed is counted, and decides nothing', () => {
    const { decisions, metButBlamed } = judged([
      miss({ culprit: culpritCode.host, toUs: 9_999 }),
      miss({ culprit: culpritCode.indeterminate, toUs: 9_999 }),
    ]);
    expect([decisions.length, metButBlamed]).toEqual([0, 1]);
  });

  it('is set aside when the machine was late by more than what divides the two worst segments', () => {
    // 36 ms of link over its budget; the next is the firmware, 1 ms within its own: 37 ms apart.
    const late = (us: number) =>
      judged([miss({ culprit: culpritCode.link })], { floor: [{ plannedUs: 1000, wokeUs: 1000 + us }] });
    expect(late(36_000).decisions[0]!.isSetAside).toBe(false);
    expect(late(38_000).decisions[0]!.isSetAside).toBe(true);
    expect(figuresOf(late(38_000).decisions)).toMatchObject({ accuracy: null, setAside: 1 });
  });
});

describe('a gap', () => {
  const lost = { isGap: 1, verdict: verdictCode.lost, culprit: culpritCode.link };
  const gap = (truth: [number, TrueFrame][]) =>
    judged([miss({ ...lost, lastSeq: 9, count: 3 })], { truth: new Map(truth) }).decisions[0]!;

  it('is of who lost most of it', () => {
    const onLine: TrueFrame = { ...frame, readableUs: Number.NaN };
    expect(gap([])).toMatchObject({ truth: 'firmware', count: 3 });
    expect(
      gap([
        [7, onLine],
        [8, onLine],
      ]).truth,
    ).toBe('link');
    expect(
      gap([
        [7, frame],
        [8, frame],
        [9, onLine],
      ]).truth,
    ).toBe('host');
  });

  it('without a loss, at the end of a silence, is of who held the frame that ended it', () => {
    const ended = miss({ ...lost, firstSeq: 7, lastSeq: 6, count: 0 });
    expect(judged([ended]).decisions).toMatchObject([{ truth: 'link', told: 'link', count: 1 }]);
    const busy = { ...frame, readableUs: 1100 };
    expect(judged([ended], { truth: new Map([[7, busy]]) }).decisions).toMatchObject([{ truth: 'host' }]);
  });

  it('of which two lost as many is not decided', () => {
    const onLine: TrueFrame = { ...frame, readableUs: Number.NaN };
    expect(judged([miss({ ...lost, lastSeq: 8, count: 2 })], { truth: new Map([[7, onLine]]) }).decisions).toEqual([]);
  });

  it('says nothing while it is a silence', () => {
    expect(judged([miss({ ...lost, count: Number.NaN })]).decisions).toEqual([]);
  });
});
