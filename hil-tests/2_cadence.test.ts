/** Layer 2: the board keeps its beat. Device time, but for the rate of its clock: how fast this machine is plays no part. */
import { describe, expect, test } from 'tautline/hil';
import { clockKeepsPpm } from './clocks.js';

describe('cadence', () => {
  test('releases are one period apart', async ({ bridge, clock, trace }) => {
    await bridge.streaming();
    const mark = trace.mark();
    await clock.pass(2000);
    const { periodUs } = bridge.descriptor!.streams[0]!;
    expect(trace.since(mark)).toHavePeriod({ us: periodUs, tolerancePpm: 0 });
  });

  describe('of a board with a timer of its own', () => {
    test.override({ needs: ['timing'] });

    test("releases are as often as the board says by the host's clock, too", async ({ bridge, clock, trace }) => {
      await bridge.streaming();
      await clock.pass(1000); // the clock model knows the rate better with every second
      const mark = trace.mark();
      await clock.pass(5000);
      const { periodUs } = bridge.descriptor!.streams[0]!;
      expect(trace.since(mark)).toHaveRate({ us: periodUs, tolerancePpm: 2 * clockKeepsPpm(bridge.descriptor!) });
    });

    test('jobs start when they are released', async ({ bridge, clock, trace }) => {
      await bridge.streaming();
      const mark = trace.mark();
      await clock.pass(2000);
      const { jitterUs } = bridge.descriptor!.streams[0]!.contract;
      expect(trace.since(mark)).toStayWithinJitter({ p99Us: jitterUs / 2, maxUs: jitterUs });
    });

    test('no release is left out', async ({ bridge, clock, trace }) => {
      await bridge.streaming();
      const mark = trace.mark();
      await clock.pass(2000);
      const skipped = trace.since(mark).frames.map((frame) => frame.skipped);
      expect(new Set(skipped).size).toBe(1);
    });
  });

  describe('in virtual time', () => {
    test.override({ needs: ['virtualTime'] });

    test('every frame meets its deadline', async ({ bridge, clock, trace }) => {
      await bridge.streaming();
      await clock.pass(1000);
      const mark = trace.mark();
      await clock.pass(2000);
      const { contract } = bridge.descriptor!.streams[0]!;
      expect(trace.since(mark)).toMeetDeadline({ us: contract.deadlineUs });
      expect(trace.since(mark).frames.every(({ verdict }) => verdict === 'met')).toBe(true);
    });
  });
});
