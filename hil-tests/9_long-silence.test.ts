/**
 * Layer 9: nobody hears a board for longer than half a wrap of its clock, and the clock wraps in that time: the 32 bits of
 * a frame tell nothing then, the board has to be asked. `HIL_LONG=1` takes the board's own period in place of 20 ms.
 */
import { describe, expect, test } from 'tautline/hil';

const UNPLUGGED_MS = 40 * 60_000;
/** Of a computer: at the full rate an emulated board takes minutes for them. */
const LONG_MS_MAX = 30 * 60_000;
const SPAN = 2 ** 32;

describe('unplugged for forty minutes, and powered', () => {
  test.override({
    firmware: process.env.HIL_LONG === '1' ? 'wrap' : 'slow',
    needs: ['virtualTime', 'unplug'],
  });

  test(
    'a board is the same boot, at the right time, and meets again',
    async ({ bridge, clock, link, trace, health }) => {
      health.expect('corrupt', 'receiveErrors');
      await bridge.streaming();
      const { boot } = link;
      const { periodUs } = bridge.descriptor!.streams[0]!;
      const before = trace.frames.at(-1)!;
      const mark = trace.mark();
      await link.unplug(UNPLUGGED_MS);
      await bridge.streaming();
      await clock.pass(3000);
      const window = trace.since(mark);
      const back = window.frames.findIndex(({ arrivalUs }) => arrivalUs - mark.atUs > (UNPLUGGED_MS / 2) * 1e3);
      const after = window.frames.slice(back);
      const newest = after.at(-1)!;

      expect(link.boot).toBe(boot);
      expect(before.releaseUs).toBeLessThan(SPAN);
      expect(newest.releaseUs).toBeGreaterThan(SPAN);
      // By the rate of its clock, as far as three seconds have shown that; a frame is heard within a period.
      const elapsedUs = newest.arrivalUs - before.arrivalUs;
      const boardUs = elapsedUs / (1 + trace.health!.driftPpm * 1e-6);
      expect(Math.abs(newest.releaseUs - before.releaseUs - boardUs)).toBeLessThan(periodUs + 200e-6 * elapsedUs);
      expect((newest.releaseUs - before.releaseUs) / periodUs).toBe((newest.seq - before.seq + SPAN) % SPAN);

      // A port that went away is told as that, not as frames of it that were lost.
      const absences = window.healths.filter(({ link }, i, all) => link === 'absent' && all[i - 1]?.link !== 'absent');
      expect(absences.length).toBe(1);
      expect(window.misses.filter(({ count }) => !Number.isNaN(count))).toEqual([]);
      expect(after.slice(-10).every(({ verdict }) => verdict === 'met')).toBe(true);
      expect(trace.health).toMatchObject({ link: 'streaming', live: true });
    },
    LONG_MS_MAX,
  );
});
