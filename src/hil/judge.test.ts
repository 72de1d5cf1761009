import { describe, expect, it } from 'vitest';
import { type Finding, hasPeriod, meetsDeadline, staysWithinJitter } from './judge.js';
import { blames, hasNoGaps, isSafeWithin, recoversWithin } from './judge-events.js';
import { MARGINAL_SHARE } from './test-verdict.js';
import { AGE_US, frame, frames, miss, windowOf } from './testing/traced.rig.js';
import type { TracedFrame, TracedMiss } from './trace.js';

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

  it('whose clock is never known is excused only when this machine was held up for more than half of it', () => {
    const excuse = (stoodUs: number, isKnownFrom = 20) => {
      const unknown = frames(20, (each) =>
        each.seq < isKnownFrom ? { ...each, releaseHostUs: Number.NaN, uncertaintyUs: Number.NaN } : each,
      );
      const window = windowOf(unknown, [miss({ culprit: 'indeterminate', firstSeq: 5 })]);
      window.trace.stalled(10_000, stoodUs);
      return meetsDeadline(window, { us: 10_000 }).excuse;
    };
    expect(excuse(0)).toBeUndefined();
    expect(excuse(9000)).toBeUndefined();
    expect(excuse(9999)).toMatch(/^20 of 20 frames/);
    expect(excuse(5500, 10)).toMatch(/^10 of 20 frames/);
    expect(excuse(4000, 10)).toBeUndefined();
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

  it.each<[string, readonly TracedFrame[], readonly TracedMiss[], RegExp]>([
    ['a silence', frames(20), [miss({ isGap: true, count: 0 })], /^no number is missing, but 1 silences were judged$/m],
    [
      'a loss at an end of the window',
      frames(20),
      [miss({ isGap: true, count: 3 })],
      /^3 frames are missing in 1 gaps, none of them between two frames of this window$/m,
    ],
    [
      'a loss',
      frames(20).filter(({ seq }) => seq !== 5),
      [miss({ isGap: true })],
      /^1 frames are missing in 1 gaps, the first before frame 6$/m,
    ],
    [
      'a number that came again',
      spoiled({ seq: 4 }),
      [],
      /^frame 4 came after frame 4: a number came again, or too late$/m,
    ],
    [
      'an absence',
      frames(20).filter(({ seq }) => seq < 5 || seq > 14),
      [],
      /^frame 15 follows frame 4, and no loss was judged: the board was absent, or its session began anew$/m,
    ],
  ])('are told as what they are: %s', (_, window, misses, claim) => {
    const finding = hasNoGaps(windowOf(window, misses));
    expect(finding.pass).toBe(false);
    expect(finding.message()).toMatch(claim);
  });

  it('are told up to the fifth, and counted', () => {
    const message = hasNoGaps(windowOf(frames(20), Array(12).fill(miss({ isGap: true })))).message();
    expect(message.match(/^ {2}gap of 1/gm)).toHaveLength(5);
    expect(message).toMatch(/^ {2}and 7 more$/m);
  });

  it('are excused only when this machine made all of them', () => {
    const host = miss({ isGap: true, culprit: 'host' });
    expect(hasNoGaps(windowOf(frames(20), [host])).excuse).toBeDefined();
    expect(hasNoGaps(windowOf(frames(20), [host, miss({ isGap: true })])).excuse).toBeUndefined();
    expect(hasNoGaps(windowOf(spoiled({ seq: 4 }), [host])).excuse).toBeUndefined(); // it brings no number back
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

  it('a pause that the window begins with counts, where it is known when that is', () => {
    const slow = (fromUs: number) => recoversWithin(windowOf(frames(20), [], { fromUs }), 500);
    expect(slow(0).pass).toBe(true);
    expect(slow(-1e6)).toMatchObject({ pass: false });
    expect(slow(-1e6).message()).toContain(
      'it took 1000.5 ms from the beginning of the window until a frame met again; wanted 500 ms',
    );
    expect(slow(Number.NaN).pass).toBe(true);
  });

  it('there is no recovery when the window ends in the pause', () => {
    const silent = windowOf(frames(20), [], { toUs: 3_000_000 });
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
