/** Layer 1: board and bridge find each other. */
import { describe, expect, test } from 'tautline/hil';
import { clockKeepsPpm } from './clocks.js';

describe('handshake', () => {
  test('the board tells what it is, and streams in binary', async ({ bridge, trace }) => {
    await bridge.streaming();
    expect(bridge.descriptor).toMatchObject({ armable: true, watchdogMs: 100 });
    expect(bridge.descriptor!.tickHz).toBe(1e6 / bridge.descriptor!.streams[0]!.periodUs);
    expect(bridge.descriptor!.build).toMatch(/^[0-9a-f]{64}$/i);
    expect(bridge.descriptor!.streams.map(({ name }) => name)).toEqual(['control']);
    expect(trace.health).toMatchObject({ link: 'streaming', encoding: 'binary', arm: 'disarmed' });
  });

  test('every value is within the range that the descriptor gives', async ({ bridge, clock, trace }) => {
    await bridge.streaming();
    await clock.pass(500);
    const { signals } = bridge.descriptor!.streams[0]!;
    for (const { values } of trace.frames) {
      for (const [i, { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }] of signals.entries()) {
        expect(values[i]).toBeGreaterThanOrEqual(min);
        expect(values[i]).toBeLessThanOrEqual(max);
      }
    }
  });

  test('the clocks agree to a fraction of the deadline', async ({ bridge, clock, trace }) => {
    await bridge.streaming();
    const settled = () => (trace.health?.uncertaintyUs ?? Number.POSITIVE_INFINITY) < 2500;
    await clock.until('the clock model is certain to 2.5 ms', settled);
    await clock.pass(5000); // for the rate
    expect(Math.abs(trace.health!.driftPpm)).toBeLessThanOrEqual(clockKeepsPpm(bridge.descriptor!));
  });

  test('unknown and malformed commands are refused by name', async ({ bridge }) => {
    await bridge.streaming();
    expect(await bridge.command('explode')).toMatchObject({ ok: false, code: 'unknown-command' });
    expect(await bridge.command('setpoint')).toMatchObject({ ok: false, code: 'bad-arguments' });
    expect(await bridge.command('setpoint', 1e6)).toMatchObject({ ok: false, code: 'bad-arguments' });
  });

  test('a command does what it says', async ({ bridge, clock, trace }) => {
    await bridge.streaming();
    const setpoint = bridge.descriptor!.streams[0]!.signals.findIndex(({ name }) => name === 'setpoint');
    await clock.until(
      'a command may carry an expiry',
      () => (trace.health?.uncertaintyUs ?? Number.POSITIVE_INFINITY) < Number.POSITIVE_INFINITY,
    );
    expect(await bridge.command('setpoint', 1234)).toMatchObject({ ok: true });
    await clock.until('the frames show the new setpoint', () => trace.frames.at(-1)!.values[setpoint] === 1234);
  });
});
