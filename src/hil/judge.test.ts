import { describe, expect, it } from 'vitest';
import {
  blames,
  type Finding,
  hasNoGaps,
  hasPeriod,
  isSafeWithin,
  meetsDeadline,
  recoversWithin,
  staysWithinJitter,
} from './judge.js';
import { MARGINAL_SHARE } from './test-verdict.js';
import { Trace, type TracedFrame, type TracedMiss, type TraceWindow } from './trace.js';

const PERIOD_US = 1000;
const AGE_US = 600;

function frame(seq: number, more: Partial<TracedFrame> = {}): TracedFrame {
  const releaseUs = seq * PERIOD_US;
  return {
    stream: 0,
    boot: 1,
    flags: 0,
    textual: false,
    seq,
    releaseUs,
    releaseHostUs: releaseUs,
    arrivalUs: releaseUs + AGE_US - 100,
    judgedUs: releaseUs + AGE_US,
    uncertaintyUs: 50,
    latenessUs: 0,
    lateUs: 3,
    execUs: 20,
    queueBytes: 0,
    skipped: 0,
    dropped: 0,
    wireBytes: 40,
    verdict: 'met',
    culprit: 'none',
    values: [],
    ...more,
  } as TracedFrame;
}

const miss = (more: Partial<TracedMiss>): TracedMiss =>
  ({
    verdict: 'late',
    culprit: 'link',
    isGap: false,
    boot: 1,
    firstSeq: 5,
    lastSeq: 5,
    count: 1,
    emulatorLagUs: 0,
    ...more,
  }) as TracedMiss;

function windowOf(
  frames: readonly TracedFrame[],
  misses: readonly TracedMiss[] = [],
  toUs = frames.at(-1)?.judgedUs ?? 0,
): TraceWindow {
  const never = (reason: string): never => {
    throw new Error(reason);
  };
  const trace = new Trace({
    nowUs: () => toUs,
    isRealTime: false,
    inconclusive: never,
    refuse: never,
    marginal: () => {},
    replay: 'again: this',
  });
  return { frames, misses, healths: [], texts: [], fromUs: 0, toUs, trace };
}

const frames = (count: number, change: (frame: TracedFrame) => TracedFrame = (same) => same) =>
  Array.from({ length: count }, (_, i) => change(frame(i)));
/** Frame 5 is another one. */
const spoiled = (more: Partial<TracedFrame>) => frames(20, (each) => (each.seq === 5 ? { ...each, ...more } : each));
const isMarginal = ({ pass, share = 0 }: Finding) => pass && share >= MARGINAL_SHARE;

describe('a deadline', () => {
  it('holds, with the share of it that was taken', () => {
    const finding = meetsDeadline(windowOf(frames(20)), { us: 10_000 });
    expect(finding).toMatchObject({ pass: true });
    expect(finding.share).toBeCloseTo((AGE_US + 50) / 10_000);
    expect(isMarginal(finding)).toBe(false);
  });

  it('is marginal from nine tenths on, and broken by what is beyond', () => {
    expect(isMarginal(meetsDeadline(windowOf(frames(20)), { us: 700 }))).toBe(true);
    expect(meetsDeadline(windowOf(frames(20)), { us: 600 }).pass).toBe(false);
    const one = windowOf(spoiled({ judgedUs: 50_000 }));
    expect(meetsDeadline(one, { us: 10_000 }).pass).toBe(false);
    expect(meetsDeadline(one, { us: 10_000, allowMisses: 1 }).pass).toBe(true);
  });

  it('is not held where the clocks are not known, nor without frames', () => {
    expect(meetsDeadline(windowOf(spoiled({ releaseHostUs: Number.NaN })), { us: 10_000 }).pass).toBe(false);
    expect(meetsDeadline(windowOf([]), { us: 10_000 }).pass).toBe(false);
  });

  it('prints the worst frame with its neighbours, and how to run it again', () => {
    const message = meetsDeadline(windowOf(spoiled({ judgedUs: 50_000 })), { us: 10_000 }).message();
    expect(message).toMatch(/^1 of 20 frames took longer than 10000 us/);
    expect(message).toMatch(/^> +5 /m);
    expect(message).toContain('again: this');
    expect(message.match(/^[> ] +\d+ +\d+000/gm)).toHaveLength(7);
  });
});

describe('a period', () => {
  it('is exact by default, and within its tolerance otherwise', () => {
    expect(hasPeriod(windowOf(frames(20)), { us: 1000 }).pass).toBe(true);
    const slow = windowOf(frames(1000, (each) => ({ ...each, releaseUs: Math.round(each.seq * 1000.095) })));
    expect(hasPeriod(slow, { us: 1000 }).pass).toBe(false);
    const finding = hasPeriod(slow, { us: 1000, tolerancePpm: 100 });
    expect(isMarginal(finding)).toBe(true);
    expect(hasPeriod(slow, { us: 1000, tolerancePpm: 50 }).pass).toBe(false);
  });

  it('does not count what is missing between two frames', () => {
    const gap = windowOf(frames(20).filter(({ seq }) => seq !== 5));
    expect(hasPeriod(gap, { us: 1000 }).pass).toBe(true);
  });
});

describe('a board with two streams', () => {
  /** Stream 1 is four times slower. */
  const both = (change: (frame: TracedFrame) => TracedFrame = (same) => same) =>
    frames(40)
      .flatMap((each) =>
        each.seq % 4 === 0 ? [each, frame(each.seq / 4, { stream: 1, releaseUs: each.releaseUs })] : [each],
      )
      .map(change);

  it('has a period for each, and the test says which it means', () => {
    expect(hasPeriod(windowOf(both()), { us: 1000, stream: 0 }).pass).toBe(true);
    expect(hasPeriod(windowOf(both()), { us: 4000, stream: 1 }).pass).toBe(true);
    const late = both((each) =>
      each.stream === 1 && each.seq === 3 ? { ...each, releaseUs: each.releaseUs + 900 } : each,
    );
    expect(hasPeriod(windowOf(late), { us: 4000, stream: 1, tolerancePpm: 1000 }).pass).toBe(false);
    const unsaid = hasPeriod(windowOf(both()), { us: 1000 });
    expect(unsaid.pass).toBe(false);
    expect(unsaid.message()).toContain('streams 0, 1: say which, as toHavePeriod({ us: 1000, stream: 0 })');
  });

  it('has no gaps when the numbers of each follow', () => {
    expect(hasNoGaps(windowOf(both())).pass).toBe(true);
    expect(hasNoGaps(windowOf(both().filter(({ stream, seq }) => stream === 0 || seq !== 3))).pass).toBe(false);
  });
});

describe('jitter', () => {
  it('is held by its worst and by its 99 %', () => {
    const one = windowOf(spoiled({ lateUs: 95 }));
    expect(staysWithinJitter(one, { maxUs: 90 }).pass).toBe(false);
    expect(isMarginal(staysWithinJitter(one, { maxUs: 100 }))).toBe(true);
    const many = windowOf(frames(1000, (each) => ({ ...each, lateUs: each.seq === 5 ? 95 : 3 })));
    expect(staysWithinJitter(many, { p99Us: 10 }).pass).toBe(true);
  });
});

describe('gaps', () => {
  it('are a missing number, a repeated one, or a silence', () => {
    expect(hasNoGaps(windowOf(frames(20))).pass).toBe(true);
    expect(hasNoGaps(windowOf(frames(20).filter(({ seq }) => seq !== 5))).pass).toBe(false);
    expect(hasNoGaps(windowOf(spoiled({ seq: 4 }))).pass).toBe(false);
    expect(hasNoGaps(windowOf(frames(20), [miss({ isGap: true })])).pass).toBe(false);
  });

  it('in which nothing is lost are excused when this process stood still for most of them', () => {
    const silence = { isGap: true, fromUs: 5000, toUs: 65_000 };
    const excuse = (count: number, atUs: number, us: number) => {
      const window = windowOf(frames(20), [miss({ ...silence, count })]);
      window.trace.stalled(atUs, us);
      return hasNoGaps(window).excuse;
    };
    expect(excuse(0, 60_000, 31_000)).toBeDefined();
    expect(excuse(0, 60_000, 29_000)).toBeUndefined();
    expect(excuse(0, 66_000, 31_000)).toBeUndefined();
    expect(excuse(1, 60_000, 50_000)).toBeUndefined();
  });

  it('are excused only when this machine made all of them', () => {
    const host = miss({ isGap: true, culprit: 'host' });
    expect(hasNoGaps(windowOf(frames(20), [host])).excuse).toBeDefined();
    expect(hasNoGaps(windowOf(frames(20), [host, miss({ isGap: true })])).excuse).toBeUndefined();
  });
});

describe('recovery and safety', () => {
  it('recovery is from the last frame before the longest pause to the first that met', () => {
    const late = windowOf(
      frames(20, (each) => (each.seq < 5 ? each : { ...each, arrivalUs: each.arrivalUs + 95_000 })),
    );
    expect(isMarginal(recoversWithin(late, 100))).toBe(true);
    expect(recoversWithin(late, 90).pass).toBe(false);
  });

  it('there is no recovery when the window ends in the pause', () => {
    const silent = windowOf(frames(20), [], 3_000_000);
    expect(recoversWithin(silent, 2000).pass).toBe(false);
    expect(recoversWithin(silent, 2000).message()).toContain(
      'no frame met in the 2980.5 ms after the pause that began with frame 19',
    );
  });

  it('what took too long is excused by what this machine did then, and by nothing else', () => {
    const late = (stallUs: number, toUs: number) => {
      const tripped = windowOf(frames(20, (each) => ({ ...each, flags: each.seq >= 10 ? 2 : 1 })));
      const slow = windowOf(
        frames(20, (each) => (each.seq < 5 ? each : { ...each, arrivalUs: each.arrivalUs + 95_000 })),
      );
      const old = windowOf(spoiled({ judgedUs: 15_000 }));
      for (const { trace } of [tripped, slow, old]) trace.stalled(toUs, stallUs);
      const findings = [isSafeWithin(tripped, 4), recoversWithin(slow, 90), meetsDeadline(old, { us: 5000 })];
      expect(findings.map(({ pass }) => pass)).toEqual([false, false, false]);
      return findings.map(({ excuse }) => excuse !== undefined);
    };
    expect(late(5000, 10_000)).toEqual([true, true, true]);
    expect(late(0, 10_000)).toEqual([false, false, false]);
    expect(late(5000, 200_000)).toEqual([false, false, false]);
  });

  it('safety is the first frame that says tripped, as soon as it can have been', () => {
    const tripped = windowOf(frames(20, (each) => ({ ...each, flags: each.seq >= 10 ? 2 : 1 })));
    expect(isSafeWithin(tripped, 10).pass).toBe(true);
    expect(isSafeWithin(tripped, 9).pass).toBe(false);
    expect(isSafeWithin(windowOf(frames(20)), 1000)).toMatchObject({ pass: false });
  });
});

describe('blame', () => {
  it('wants misses, and all of one culprit', () => {
    expect(blames(windowOf(frames(3)), 'link').pass).toBe(false);
    expect(blames(windowOf(frames(3), [miss({})]), 'link').pass).toBe(true);
    expect(blames(windowOf(frames(3), [miss({}), miss({ culprit: 'firmware' })]), 'link').pass).toBe(false);
  });
});
