/** Layer 8: each fault of the line, as the bridge sees it and survives it. Layer 3 has the damage to single bytes. */
import { describe, expect, test } from 'tautline/hil';

describe('on a bad line', () => {
  test.override({ needs: ['faults'] });

  test('a chunk in two parts is one frame', async ({ bridge, clock, trace, faults }) => {
    await bridge.streaming();
    await clock.pass(200);
    const mark = trace.mark();
    faults.split({ chunks: 50 });
    await clock.until('fifty chunks were split', () => faults.counters.split === 50);
    await clock.pass(100);
    expect(trace.since(mark)).toHaveNoGaps();
  });

  test('a line that is too slow loses what does not fit, and its values are not live', async ({
    bridge,
    clock,
    trace,
    faults,
    health,
  }) => {
    health.expect('corrupt', 'receiveErrors', 'foreign');
    await bridge.streaming();
    await clock.pass(1000);
    const mark = trace.mark();
    faults.throttle(5000);
    await clock.until('a frame is late', () => trace.since(mark).misses.some(({ verdict }) => verdict === 'late'));
    await clock.until('the values are no longer live', () => trace.health?.live === false);
    faults.clear();
    await clock.until('they are live again', () => trace.health?.live === true);
  });

  test('a rate that is 2 % off is borne', async ({ bridge, clock, trace, faults }) => {
    await bridge.streaming();
    await clock.pass(200);
    const mark = trace.mark();
    faults.baudDrift({ percent: 2 });
    await clock.pass(300);
    faults.clear();
    expect(trace.since(mark)).toHaveNoGaps();
  });

  test('a rate that runs away ends the stream, and shows no wrong value until then', async ({
    bridge,
    clock,
    trace,
    faults,
    health,
  }) => {
    health.expect('corrupt', 'receiveErrors', 'foreign', 'trips');
    await bridge.streaming();
    await clock.pass(200);
    const mark = trace.mark();
    faults.baudDrift({ percent: 8, overMs: 400 });
    await clock.until('the values are no longer live', () => trace.health?.live === false);
    faults.clear();
    await bridge.streaming();
    const { signals } = bridge.descriptor!.streams[0]!;
    for (const { values } of trace.since(mark).frames) {
      for (const [i, { min, max }] of signals.entries()) {
        expect(values[i]).toBeGreaterThanOrEqual(min!);
        expect(values[i]).toBeLessThanOrEqual(max!);
      }
    }
  });

  test('another board on the same line is another boot, and nothing of the first passes for it', async ({
    bridge,
    clock,
    trace,
    faults,
    link,
    health,
  }) => {
    health.expect('corrupt', 'receiveErrors', 'foreign', 'resets', 'trips');
    await bridge.streaming();
    const { boot } = link;
    const mark = trace.mark();
    await faults.swap();
    await clock.until('another boot streams', () => trace.frames.at(-1)!.boot !== boot);
    await bridge.streaming();
    const first = trace.frames.findIndex((frame) => frame.boot === link.boot);
    expect(trace.frames.slice(first).every((frame) => frame.boot === link.boot)).toBe(true);
    await clock.pass(300);
    // It is powered on when it is plugged in; on a busy machine it may be heard later.
    clock.timely({ since: mark, ms: 1000 }, () => expect(trace.frames[first]!.seq).toBeLessThan(2000));
  });

  test('an armed board that is swapped away leaves a disarmed one', async ({
    bridge,
    clock,
    trace,
    faults,
    link,
    health,
  }) => {
    health.expect('corrupt', 'receiveErrors', 'foreign', 'resets', 'trips');
    await bridge.streaming();
    await bridge.arm();
    const { boot } = link;
    await faults.swap();
    await clock.until('another boot streams', () => trace.frames.at(-1)!.boot !== boot);
    const mark = trace.mark();
    await clock.pass(1000);
    expect(trace.since(mark).frames.every(({ flags }) => (flags & 1) === 0)).toBe(true);
  });

  test('a port that goes away for a moment is opened again', async ({ bridge, link, trace, faults, health }) => {
    health.expect('corrupt', 'receiveErrors', 'foreign');
    await bridge.streaming();
    const { boot } = link;
    const mark = trace.mark();
    await faults.unplug(300);
    await bridge.streaming();
    expect(trace.since(mark).healths.some((health) => health.link === 'absent')).toBe(true);
    expect(link.boot).toBe(boot);
  });

  test('a step of the wall clock changes no verdict', async ({ bridge, clock, trace, faults }) => {
    await bridge.streaming();
    await clock.pass(1500);
    const mark = trace.mark();
    faults.clockStep({ clock: 'utc', ms: -3_600_000 });
    await clock.pass(1000);
    const { frames, misses } = trace.since(mark);
    expect(misses).toEqual([]);
    expect(frames.every(({ verdict }) => verdict === 'met')).toBe(true);
  });

  test('a step of the monotonic clock is noticed, and the clock model settles anew', async ({
    bridge,
    clock,
    trace,
    faults,
    health,
  }) => {
    health.expect('trips');
    await bridge.streaming();
    await clock.pass(1500);
    const mark = trace.mark();
    faults.clockStep({ clock: 'monotonic', ms: 60_000 });
    await clock.pass(100);
    expect(trace.since(mark).misses.length).toBeGreaterThan(0);
    await clock.until('frames meet again', () => trace.frames.at(-1)!.verdict === 'met', 10_000);
    const settled = trace.mark();
    await clock.pass(1000);
    expect(trace.since(settled).frames.every(({ verdict }) => verdict === 'met')).toBe(true);
  });
});
