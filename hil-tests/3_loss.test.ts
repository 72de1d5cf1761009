/** Layer 3: nothing is lost on a good line, and what is lost on a bad one is known. */
import { describe, expect, test } from 'tautline/hil';
import { gapsOnLine } from './gaps.js';

describe('loss', () => {
  test('not one frame is lost in a minute, or in five seconds where they take five seconds', async ({
    bridge,
    clock,
    trace,
    target,
  }) => {
    await bridge.streaming();
    const mark = trace.mark();
    const ms = target.isRealTime ? 5000 : 60_000;
    await clock.pass(ms);
    const window = trace.since(mark);
    expect(window).toHaveNoGaps();
    const { periodUs } = bridge.descriptor!.streams[0]!;
    if (!target.isRealTime) expect(window.frames.length).toBeGreaterThanOrEqual((ms * 1e3) / periodUs - 1);
  });

  describe('on a bad line', () => {
    test.override({ needs: ['faults'] });

    // Of one byte the first of a frame, and nothing would be lost: it is the delimiter on an idle line.
    const bytes = 3;
    const HITS_MAX = 10;
    const damages = ['drop', 'flip', 'duplicate', 'insert', 'burst'] as const;
    test.for(damages)(
      'bytes hit by %s cost at most two frames, and the link is to blame',
      async (damage, { target, bridge, clock, trace, faults, health }) => {
        health.expect('corrupt');
        await bridge.streaming();
        await clock.pass(200);
        const mark = trace.mark();
        const { counters } = bridge.loop.decoder;
        const isTold = () => gapsOnLine(trace.since(mark).misses).length > 0;
        // A board that stands still sends nothing that could be hit, and what is hit may be an answer of its own: that is no
        // frame, so the line is hit again.
        for (let hits = 0; hits < HITS_MAX && !isTold(); hits++) {
          const { corruptFrames } = counters;
          faults[damage]({ bytes });
          await clock.until('damage is found', () => counters.corruptFrames > corruptFrames || isTold());
          const behind = counters.dataFrames + 2;
          await clock.until('two frames came after it', () => counters.dataFrames >= behind);
          await clock.pass(200);
        }
        await clock.pass(200);
        const window = trace.since(mark);
        const { frames } = window;
        const gaps = gapsOnLine(window.misses);
        expect(gaps.map(({ verdict }) => verdict)).toEqual(['lost']);
        const { firstSeq, lastSeq } = gaps[0]!;
        expect(lastSeq - firstSeq + 1).toBeLessThanOrEqual(2);
        expect({ ...window, misses: gaps }).toBlame('link');
        if (!target.isRealTime) expect(frames.every(({ verdict }) => verdict === 'met')).toBe(true);
      },
    );

    test('a line with one bad bit in 2000 shows no wrong value', async ({ bridge, clock, trace, faults, health }) => {
      health.expect('corrupt', 'foreign');
      await bridge.streaming();
      const mark = trace.mark();
      faults.flip({ probability: 8 / 2000 });
      await clock.pass(3000);
      faults.clear();
      const { frames } = trace.since(mark);
      expect(faults.counters.flip).toBeGreaterThan(50);
      expect(trace.since(mark).misses.some(({ verdict }) => verdict === 'lost')).toBe(true);
      const { signals } = bridge.descriptor!.streams[0]!;
      for (const { values } of frames) {
        for (const [i, signal] of signals.entries()) {
          expect(values[i]).toBeGreaterThanOrEqual(signal.min!);
          expect(values[i]).toBeLessThanOrEqual(signal.max!);
        }
      }
      await clock.until('the stream is live again', () => trace.health?.live === true);
    });

    test('a held line makes frames late, not lost', async ({ bridge, clock, trace, faults }) => {
      await bridge.streaming();
      await clock.pass(500);
      const mark = trace.mark();
      faults.stall(30);
      await clock.pass(500);
      const window = trace.since(mark);
      expect(window.frames.some(({ verdict }) => verdict === 'late')).toBe(true);
      expect(window).toHaveNoGaps();
    });
  });
});
