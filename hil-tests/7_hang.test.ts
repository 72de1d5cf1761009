/** Layer 7: the firmware itself fails. The test image has commands that break it. */
import { describe, expect, test } from 'tautline/hil';

/** The watchdog's 50 ms, the boot's, and the host's until it has said hello. */
const RESET_MS = 2000;

describe('a firmware that hangs', () => {
  test.override({ firmware: 'test' });

  test.for(['fault-hang', 'fault-hang-interrupts'])(
    'is reset by the hardware watchdog (%s)',
    async (fault, { bridge, clock, link, trace, health }) => {
      health.expect('resets', 'corrupt', 'receiveErrors');
      await bridge.streaming();
      await clock.pass(1000);
      const { boot } = link;
      const mark = trace.mark();
      await bridge.command(fault);
      // An emulator has all instructions of a loop that never ends to do: no longer than is needed.
      await clock.until('another boot streams', () => trace.frames.at(-1)!.boot !== boot, RESET_MS);
      await bridge.streaming();
      expect(trace.logs(mark).join('\n')).toMatch(/the board was reset \(watchdog\)/);
      expect(trace.health).toMatchObject({ arm: 'disarmed' });
    },
  );

  test('leaves an armed board disarmed and its outputs safe', async ({ bridge, clock, link, trace, health }) => {
    health.expect('resets', 'corrupt', 'receiveErrors', 'trips');
    await bridge.streaming();
    await bridge.arm();
    const { boot } = link;
    await bridge.command('fault-hang');
    await clock.until('another boot streams', () => trace.frames.at(-1)!.boot !== boot);
    const mark = trace.mark();
    await clock.pass(1000);
    expect(trace.since(mark).frames.every(({ flags }) => (flags & 1) === 0)).toBe(true);
  });
});

describe('a firmware that is late', () => {
  test.override({ firmware: 'test', needs: ['timing'] });

  test('is to blame for a job that overran', async ({ bridge, clock, trace, health }) => {
    health.expect('overruns');
    await bridge.streaming();
    await clock.pass(1500);
    const mark = trace.mark();
    expect(await bridge.command('fault-overrun', 20_000)).toMatchObject({ ok: true });
    await clock.pass(500);
    expect(trace.since(mark)).toBlame('firmware');
  });

  test('is to blame for releases that it skipped', async ({ bridge, clock, trace, health }) => {
    health.expect('overruns');
    await bridge.streaming();
    await clock.pass(1500);
    const mark = trace.mark();
    expect(await bridge.command('fault-skip', 3)).toMatchObject({ ok: true });
    await clock.pass(500);
    expect(trace.since(mark)).toBlame('firmware');
  });
});
