/** Layer 4: the line goes away and comes back. */
import { describe, expect, test } from 'tautline/hil';
import { gapsOnLine } from './gaps.js';

/** In real time what is held up for so long changes what is lost, and when that is told. */
const HELD_UP_MS = 50;
const OUT_MS = 600;

describe('unplug', () => {
  test.override({ needs: ['unplug'] });

  test('the bridge finds the board again by itself, and the board was not reset', async ({
    bridge,
    link,
    trace,
    health,
  }) => {
    health.expect('corrupt', 'receiveErrors');
    await bridge.streaming();
    const { boot } = link;
    const mark = trace.mark();
    await link.unplug(700);
    await bridge.streaming();
    const { healths, frames } = trace.since(mark);
    expect(healths.some((health) => health.link === 'absent' && !health.live)).toBe(true);
    expect(link.boot).toBe(boot);
    expect(frames.at(-1)).toMatchObject({ boot });
  });

  test('values are not live while the line is out', async ({ bridge, clock, link, trace, health }) => {
    health.expect('corrupt', 'receiveErrors');
    await bridge.streaming();
    const mark = trace.mark();
    await link.unplug(1000);
    await bridge.streaming();
    await clock.pass(100);
    const { healths } = trace.since(mark);
    // In real time one late frame is not live, for as long as it is the newest.
    const out = healths.findIndex(({ live, link }) => !live && (clock.isVirtual || link === 'absent'));
    const back = healths.findIndex(({ live }, i) => i > out && live);
    expect(out).toBeGreaterThanOrEqual(0);
    clock.timely({ since: mark, ms: 2 * HELD_UP_MS }, () =>
      expect(healths[back]!.writtenUs - healths[out]!.writtenUs).toBeGreaterThan(900_000),
    );
    if (clock.isVirtual) expect(healths.slice(back).every(({ live }) => live)).toBe(true);
    expect(healths.slice(back).every(({ link }) => link === 'streaming')).toBe(true);
  });

  describe('in virtual time', () => {
    test.override({ needs: ['unplug', 'virtualTime'] });

    test('frames meet again within 700 ms of plugging in', async ({ bridge, clock, link, trace, health }) => {
      health.expect('corrupt', 'receiveErrors');
      await bridge.streaming();
      await clock.pass(1000);
      const mark = trace.mark();
      await link.unplug(1000);
      await clock.pass(2000);
      expect(trace.since(mark)).toRecoverWithin(1700);
    });
  });

  describe('without unplugging', () => {
    test.override({ needs: ['faults'] });

    test('a line that falls silent is one gap event', async ({ bridge, clock, faults, trace, health }) => {
      health.expect('corrupt', 'receiveErrors');
      await bridge.streaming();
      await clock.pass(500);
      const mark = trace.mark();
      const cutUs = clock.nowUs();
      faults.cut('fromBoard');
      await clock.pass(OUT_MS);
      faults.mend('fromBoard');
      // A busy machine may mend later than asked.
      const outUs = clock.nowUs() - cutUs;
      await clock.pass(600);
      const { misses } = trace.since(mark);
      // A silence is announced when it begins, without a count; the gap is told once, when it has ended.
      const ofSilence = misses.filter(({ isGap }) => isGap);
      const gaps = gapsOnLine(misses);
      expect(gaps.length).toBe(1);
      if (clock.isVirtual) expect([ofSilence.length, misses.length]).toEqual([2, 2]);
      const { periodUs } = bridge.descriptor!.streams[0]!;
      // In real time an emulator that is behind at the cut loses more, and one that is behind at its end less.
      const slackUs = 2 * periodUs + (clock.isVirtual ? 0 : HELD_UP_MS * 1e3);
      clock.timely({ since: mark, ms: HELD_UP_MS }, () => {
        expect(gaps[0]!.count).toBeGreaterThanOrEqual((OUT_MS * 1e3 - slackUs) / periodUs);
        expect(gaps[0]!.count).toBeLessThanOrEqual((outUs + slackUs) / periodUs);
      });
    });
  });
});
