/** Layer 5: the board starts over. */
import { describe, expect, test } from 'tautline/hil';

describe('reset', () => {
  test.override({ needs: ['reset'] });

  test('is a new boot with a new session, and says by what', async ({ bridge, clock, link, trace, health }) => {
    health.expect('resets', 'corrupt', 'receiveErrors');
    await bridge.streaming();
    const { boot } = link;
    const mark = trace.mark();
    await link.reset();
    await clock.until('another boot streams', () => trace.frames.at(-1)!.boot !== boot);
    await bridge.streaming();
    expect(link.boot).not.toBe(boot);
    expect(trace.logs(mark).join('\n')).toMatch(/the board was reset \(pin\)/);
    const first = trace.frames.findIndex((frame) => frame.boot === link.boot);
    expect(trace.frames.slice(0, first).every((frame) => frame.boot === boot)).toBe(true);
    expect(trace.frames.slice(first).every((frame) => frame.boot === link.boot)).toBe(true);
  });

  test('disarms, and nothing arms again by itself', async ({ bridge, clock, link, trace, health }) => {
    health.expect('resets', 'corrupt', 'receiveErrors');
    await bridge.streaming();
    await bridge.arm();
    await clock.until('the board says that it is armed', () => trace.health?.arm === 'armed');
    const { boot } = link;
    await link.reset();
    await clock.until('another boot streams', () => trace.frames.at(-1)!.boot !== boot);
    const mark = trace.mark();
    await clock.pass(2500);
    expect(trace.since(mark).frames.every(({ flags }) => (flags & 1) === 0)).toBe(true);
    expect(trace.health?.arm).toBe('disarmed');
    expect(trace.health?.tripCause).toBe('none');
  });

  test('five times over gives five boots of their own', async ({ bridge, clock, link, trace, health }) => {
    health.expect('resets', 'corrupt', 'receiveErrors');
    await bridge.streaming();
    const boots = [link.boot];
    for (let i = 0; i < 5; i++) {
      await link.reset();
      await clock.until('another boot streams', () => trace.frames.at(-1)!.boot !== boots.at(-1));
      boots.push(trace.frames.at(-1)!.boot);
    }
    expect(new Set(boots).size).toBe(6);
  });
});
