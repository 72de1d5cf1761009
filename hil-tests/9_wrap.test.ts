/** Layer 9: counters that wrap. This firmware's clock and sequence begin seconds before they do, after every reset again. */
import { describe, expect, test } from 'tautline/hil';

const SPAN = 2 ** 32;

describe('the wraps', () => {
  test.override({ firmware: 'wrap' });

  test('of the sequence and of the 32-bit clock show nowhere but in the numbers', async ({ bridge, clock, trace }) => {
    await bridge.streaming();
    const mark = trace.mark();
    await clock.pass(13_000);
    const window = trace.since(mark);
    const { frames } = window;
    expect(frames[0]!.releaseUs).toBeGreaterThan(SPAN - 12.1e6);
    // They are seconds after its boot: a machine that is too busy for that meets the board after them.
    clock.timely({ ms: 5000 }, () => {
      expect(frames[0]!.seq).toBeGreaterThan(SPAN - 12_000);
      expect(frames.at(-1)!.seq % SPAN).toBeLessThan(12_000);
      expect(frames[0]!.releaseUs).toBeLessThan(SPAN);
    });
    expect(frames.at(-1)!.releaseUs).toBeGreaterThan(SPAN);
    expect(window).toHaveNoGaps();
    expect(window).toHavePeriod({ us: bridge.descriptor!.streams[0]!.periodUs });
  });

  test('leave an armed board armed, and a command before the wrap may expire after it', async ({
    bridge,
    clock,
    trace,
  }) => {
    await bridge.streaming();
    await bridge.arm();
    const mark = trace.mark();
    const { releaseUs } = trace.frames.at(-1)!;
    const at = bridge.descriptor!.streams[0]!.signals.findIndex(({ name }) => name === 'setpoint');
    // Each frame that this machine makes late puts arming off: it may have taken until after the wrap.
    clock.timely({ ms: bridge.descriptor!.streams[0]!.contract.deadlineUs / 1e3 }, () => {
      expect(releaseUs).toBeLessThan(SPAN);
    });
    // Within a second before the wrap: as long as a command may take.
    await clock.until(
      'the clock is about to wrap',
      () => SPAN - (trace.frames.at(-1)!.releaseUs % SPAN) < 500e3,
      15_000,
    );
    expect(await bridge.command('setpoint', 1500)).toMatchObject({ ok: true });
    await clock.until('the clock has wrapped', () => trace.frames.at(-1)!.releaseUs > SPAN + 500e3);
    expect(trace.frames.at(-1)!.values[at]).toBe(1500);
    clock.timely({ since: mark, ms: bridge.descriptor!.watchdogMs }, () => {
      expect(trace.since(mark).frames.filter(({ flags }) => (flags & 1) === 0).length).toBeLessThan(20);
      expect(trace.frames.at(-1)!.flags & 1).toBe(1);
    });
    expect(await bridge.command('disarm')).toMatchObject({ ok: true });
  });
});

describe('a reset in the middle of a frame', () => {
  test.override({ needs: ['reset'] });

  test('costs that frame, and no half of it is ever shown', async ({ bridge, clock, link, trace, health }) => {
    health.expect('resets', 'corrupt', 'receiveErrors');
    await bridge.streaming();
    const { signals, periodUs } = bridge.descriptor!.streams[0]!;
    const cuts = 8;
    for (let i = 0; i < cuts; i++) {
      const { boot } = link;
      await clock.pass(100 + (i / cuts) * (periodUs / 1e3));
      await link.reset();
      await clock.until('another boot streams', () => trace.frames.at(-1)!.boot !== boot);
      await bridge.streaming();
    }
    // At least one of eight phases of a period falls into a frame, which takes half of a Pico's.
    if (clock.isVirtual) expect(bridge.loop.decoder.counters.corruptFrames).toBeGreaterThan(0);
    expect(new Set(trace.frames.map(({ boot }) => boot)).size).toBe(cuts + 1);
    for (const { values } of trace.frames) {
      for (const [i, { min, max }] of signals.entries()) {
        expect(values[i]).toBeGreaterThanOrEqual(min!);
        expect(values[i]).toBeLessThanOrEqual(max!);
      }
    }
  });
});
