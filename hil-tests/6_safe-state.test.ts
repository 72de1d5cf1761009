/** Layer 6: the outputs are safe when the host is not well. */
import { describe, expect, test } from 'tautline/hil';
import { wiringOf } from './wiring.js';

const ARMED = 1;
const TRIPPED = 2;
/** The host beats every 20 ms: the last beat before an instant may be so old. */
const BEAT_MS = 20;

describe('arming', () => {
  test('needs a thousand frames that met, and a clock', async ({ bridge }) => {
    await bridge.streaming();
    const answer = await bridge.command('arm');
    expect(answer).toMatchObject({ ok: false, code: 'not-ready' });
    expect(answer.detail).toMatch(/1000 are needed|not settled|uncertain/);
  });

  test('is told by the frames, and ended by disarm', async ({ bridge, clock, trace }) => {
    await bridge.streaming();
    await bridge.arm();
    await clock.until('the frames say armed', () => trace.frames.at(-1)!.flags === ARMED);
    expect(await bridge.command('disarm')).toMatchObject({ ok: true });
    await clock.until('the frames say disarmed', () => trace.frames.at(-1)!.flags === 0);
  });

  test('is refused to a board that is armed already', async ({ bridge, clock, trace }) => {
    await bridge.streaming();
    await bridge.arm();
    await clock.until('the frames say armed', () => trace.frames.at(-1)!.flags === ARMED);
    expect(await bridge.command('arm')).toMatchObject({ ok: false, code: 'not-ready' });
    expect(await bridge.command('disarm')).toMatchObject({ ok: true });
  });
});

describe('a host that stands still', () => {
  test('trips the board by its own watchdog, latched until somebody re-arms', async ({
    bridge,
    clock,
    trace,
    health,
  }) => {
    health.expect('trips');
    await bridge.streaming();
    await bridge.arm();
    await clock.until('the frames say armed', () => trace.frames.at(-1)!.flags === ARMED);
    await bridge.freeze(400);
    await clock.until('the frames say tripped', () => (trace.frames.at(-1)!.flags & TRIPPED) !== 0);
    await clock.until('the board says why', () => trace.health?.tripCause === 'heartbeatLost');

    const mark = trace.mark();
    await clock.pass(1000);
    expect(trace.since(mark).frames.every(({ flags }) => (flags & TRIPPED) !== 0)).toBe(true);
    expect(await bridge.command('arm')).toMatchObject({ ok: false, code: 'not-ready' });

    expect(await bridge.command('rearm')).toMatchObject({ ok: true });
    await clock.until('the frames say disarmed', () => trace.frames.at(-1)!.flags === 0);
    await bridge.arm();
    await clock.until('the frames say armed again', () => trace.frames.at(-1)!.flags === ARMED);
    expect(await bridge.command('disarm')).toMatchObject({ ok: true });
  });

  describe('in virtual time', () => {
    test.override({ needs: ['virtualTime', 'io'] });

    test('is safe within the watchdog and one tick, at the pin too', async ({
      target,
      bridge,
      clock,
      trace,
      io,
      health,
    }) => {
      health.expect('trips');
      await bridge.streaming();
      await bridge.arm();
      await clock.pass(500);
      const { watchdogMs, tickHz } = bridge.descriptor!;
      const tickMs = 1e3 / tickHz;
      const { actuator } = wiringOf(target);
      let lastHighUs = Number.NaN;
      io.onChange(actuator, (_, atUs) => {
        lastHighUs = atUs;
      });
      const mark = trace.mark();
      await bridge.freeze(watchdogMs * 3);
      await clock.pass(100);
      expect(trace.since(mark)).toBeSafeWithin(watchdogMs + tickMs);
      expect((lastHighUs - mark.atUs) / 1e3).toBeLessThanOrEqual(watchdogMs + tickMs);
      expect(lastHighUs).toBeGreaterThan(mark.atUs + (watchdogMs - BEAT_MS - tickMs) * 1e3);
      expect(io.pin(actuator)).toMatchObject({ level: 0, driven: true });
    });
  });
});

describe('a half-open link', () => {
  test.override({ needs: ['faults'] });

  test('trips the board when it hears nobody, though the host hears it', async ({
    bridge,
    clock,
    trace,
    faults,
    health,
  }) => {
    health.expect('trips');
    await bridge.streaming();
    await bridge.arm();
    await clock.pass(100);
    const mark = trace.mark();
    faults.cut('toBoard');
    await clock.until('the frames say tripped', () => (trace.frames.at(-1)!.flags & TRIPPED) !== 0);
    faults.mend('toBoard');
    expect(trace.since(mark)).toHaveNoGaps();
    await clock.until('the board says why', () => trace.health?.tripCause === 'heartbeatLost');
    expect(await bridge.command('rearm')).toMatchObject({ ok: true });
  });

  test('trips the board when the host hears nothing new, though it beats on', async ({
    bridge,
    clock,
    trace,
    faults,
    health,
  }) => {
    health.expect('trips', 'corrupt', 'receiveErrors');
    await bridge.streaming();
    await bridge.arm();
    await clock.pass(100);
    faults.cut('fromBoard');
    await clock.pass(400);
    faults.mend('fromBoard');
    await clock.until('the frames say tripped', () => (trace.frames.at(-1)!.flags & TRIPPED) !== 0);
    await clock.until('the board says why', () => (trace.health?.tripCause ?? 'none') !== 'none');
    expect(trace.health!.tripCause).toMatch(/^heartbeat(Lost|Invalid)$/);
    expect(await bridge.command('rearm')).toMatchObject({ ok: true });
  });
});

describe('the command "safe"', () => {
  test('trips an armed board, and says that the host asked', async ({ bridge, clock, trace, health }) => {
    health.expect('trips');
    await bridge.streaming();
    await bridge.arm();
    await clock.until('the frames say armed', () => trace.frames.at(-1)!.flags === ARMED);
    expect(await bridge.command('safe')).toMatchObject({ ok: true });
    await clock.until('the frames say tripped', () => (trace.frames.at(-1)!.flags & TRIPPED) !== 0);
    await clock.until('outlets hear why', () => trace.health?.tripCause === 'hostSafe');
    expect(await bridge.command('rearm')).toMatchObject({ ok: true });
  });
});
