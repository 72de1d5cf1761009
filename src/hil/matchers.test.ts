import { describe, expect, it } from 'vitest';
import './matchers.js';
import type { Culprit } from '../deadline/verdict.js';
import type { DeadlineTerms, JitterTerms, PeriodTerms, RateTerms } from './judge.js';
import { frame, frames, miss, windowOf } from './testing/traced.rig.js';

describe('terms that are none', () => {
  const window = windowOf(frames(40));

  it.each<[unknown, string]>([
    [{}, 'us is missing'],
    [undefined, 'undefined; give an object of us'],
    [{ us: undefined }, 'us is missing'],
    [{ us: Number.NaN }, 'us: NaN; give a finite number above 0'],
    [{ us: 0 }, 'us: 0; give a finite number above 0'],
    [{ us: Number.POSITIVE_INFINITY }, 'us: Infinity'],
    [{ us: '1000' }, 'us: "1000"'],
    [{ us: 1000, tolerancePPM: 5 }, 'there is no "tolerancePPM"; there are us, tolerancePpm, stream'],
    [{ us: 1000, tolerancePpm: -1 }, 'tolerancePpm: -1; give a finite number, 0 or more'],
    [{ us: 1000, stream: 0.5 }, 'stream: 0.5; give a whole number, 0 or more'],
  ])('hold toHavePeriod to nothing, and are refused: %j', (terms, message) => {
    expect(() => expect(window).toHavePeriod(terms as PeriodTerms)).toThrow(message);
    expect(() => expect(window).not.toHavePeriod(terms as PeriodTerms)).toThrow(message);
  });

  it('are refused by every other matcher, too', () => {
    const refused = (judge: () => void, message: string) => {
      expect(judge).toThrow(RangeError);
      expect(judge).toThrow(message);
    };
    refused(() => expect(window).toStayWithinJitter({}), 'toStayWithinJitter: there is no limit; give p99Us or maxUs');
    refused(() => expect(window).toStayWithinJitter({ p99: 5 } as JitterTerms), 'there is no "p99"');
    refused(() => expect(window).toStayWithinJitter({ maxUs: Number.NaN }), 'toStayWithinJitter: maxUs: NaN');
    refused(() => expect(window).toMeetDeadline({ us: 1000, allowMisses: Number.NaN }), 'allowMisses: NaN');
    refused(() => expect(window).toMeetDeadline({ ms: 1 } as unknown as DeadlineTerms), 'there is no "ms"');
    refused(() => expect(window).toHaveRate({ us: 1000 } as RateTerms), 'toHaveRate: tolerancePpm is missing');
    refused(() => expect(window).toRecoverWithin(Number.NaN), 'toRecoverWithin: NaN; give a finite number above 0');
    refused(() => expect(window).toBeSafeWithin(undefined as unknown as number), 'toBeSafeWithin: undefined');
    refused(() => expect(window).toBlame('fimware' as Culprit), 'toBlame: "fimware"; give one of');
    const untyped = expect(window) as unknown as { toHaveNoGaps(terms: object): void };
    refused(() => untyped.toHaveNoGaps({ allow: 1 }), 'toHaveNoGaps takes no terms');
  });

  it('are not those that are sensible', () => {
    expect(window).toHavePeriod({ us: 1000, tolerancePpm: 0, stream: 0 });
    expect(window).toMeetDeadline({ us: 1000, allowMisses: 0 });
    expect(windowOf(frames(40, (each) => ({ ...each, lateUs: 0 })))).toStayWithinJitter({ maxUs: 0 });
  });
});

describe('.not', () => {
  it('does not hold where nothing can be judged', () => {
    const nothing = windowOf([]);
    const judgements = [
      () => expect(nothing).not.toMeetDeadline({ us: 1000 }),
      () => expect(nothing).not.toHavePeriod({ us: 1000 }),
      () => expect(nothing).not.toHaveRate({ us: 1000, tolerancePpm: 100 }),
      () => expect(nothing).not.toStayWithinJitter({ maxUs: 50 }),
      () => expect(nothing).not.toHaveNoGaps(),
      () => expect(nothing).not.toRecoverWithin(50),
      () => expect(nothing).not.toBeSafeWithin(50),
    ];
    for (const judge of judgements) expect(judge).toThrow('there are too few frames to judge');
  });

  it('does not hold of several streams, of which nobody said which, nor across a reset', () => {
    const both = windowOf([...frames(40), frame(40, { stream: 1 })]);
    expect(() => expect(both).not.toHavePeriod({ us: 1000 })).toThrow('the frames are of the streams 0, 1');
    expect(() => expect(both).not.toHaveRate({ us: 1000, tolerancePpm: 5 })).toThrow('of the streams 0, 1');
    const reset = windowOf([...frames(40), frame(40, { boot: 2 })]);
    expect(() => expect(reset).not.toHaveRate({ us: 1000, tolerancePpm: 5 })).toThrow('the board was reset');
  });

  it('is inconclusive in real time where this machine explains what did not hold', () => {
    const gone = frames(20).filter(({ seq }) => seq !== 5);
    const window = (culprit: Culprit, isRealTime: boolean) =>
      windowOf(gone, [miss({ isGap: true, culprit })], { isRealTime });
    expect(() => expect(window('host', true)).not.toHaveNoGaps()).toThrow('inconclusive: 1 frames are missing');
    expect(window('link', true)).not.toHaveNoGaps();
    expect(window('host', false)).not.toHaveNoGaps();
  });

  it('holds where nothing has tripped, and nothing missed', () => {
    expect(windowOf(frames(20))).not.toBeSafeWithin(50);
    expect(windowOf(frames(20))).not.toBlame('link');
  });
});
