/** Layer 8: the board from outside, as somebody with a probe and a voltage source sees it. */
import { describe, expect, test } from 'tautline/hil';
import { wiringOf } from './wiring.js';

describe('pins and inputs', () => {
  test.override({ needs: ['io'] });

  test('what the sensor says is what the frames show', async ({ target, bridge, clock, io, trace }) => {
    const { sensor, sensorVolts } = wiringOf(target);
    io.setVolts(sensor, sensorVolts(20));
    await bridge.streaming();
    const at = bridge.descriptor!.streams[0]!.signals.findIndex(({ name }) => name === 'temperature');
    // The mean of a tenth of a second: a single value is noisy by some hundredths of a degree.
    const temperature = () => trace.frames.slice(-100).reduce((sum, { values }) => sum + values[at]! / 100, 0);
    await clock.pass(500);
    const cold = temperature();
    io.setVolts(sensor, sensorVolts(80));
    await clock.until('the temperature rises', () => temperature() > cold + 0.2, 20_000);
    io.setVolts(sensor, sensorVolts(-35));
    await clock.pass(1000);
    const warm = temperature();
    await clock.until('it falls again', () => temperature() < warm - 0.2, 20_000);
  });

  test('the actuator is quiet until the board is armed, and answers to the setpoint', async ({
    target,
    bridge,
    clock,
    io,
  }) => {
    const { actuator } = wiringOf(target);
    const edges: { readonly level: 0 | 1; readonly atUs: number }[] = [];
    const stop = io.onChange(actuator, (level, atUs) => edges.push({ level, atUs }));
    /** Share of 100 ms that the pin is high. */
    const duty = async () => {
      edges.length = 0;
      await clock.pass(100);
      const highs = edges.filter(({ level }, i) => level === 1 && i + 1 < edges.length);
      return highs.reduce((sum, high) => sum + edges[edges.indexOf(high) + 1]!.atUs - high.atUs, 0) / 100_000;
    };
    await bridge.streaming();
    expect(await duty()).toBe(0);
    await bridge.arm();
    expect(await bridge.command('setpoint', 500)).toMatchObject({ ok: true });
    await clock.pass(2000);
    const slow = await duty();
    expect(await bridge.command('setpoint', 3000)).toMatchObject({ ok: true });
    await clock.pass(200);
    expect(slow).toBeGreaterThan(0);
    expect(await duty()).toBeGreaterThan(slow * 1.5);
    expect(await bridge.command('disarm')).toMatchObject({ ok: true });
    await clock.pass(50);
    expect(io.pin(actuator)).toMatchObject({ level: 0 });
    expect(await duty()).toBe(0);
    stop();
  });

  test('the marker shows each job where the frames say that it was', async ({ target, bridge, clock, io, trace }) => {
    const { marker } = wiringOf(target);
    const starts: number[] = [];
    await bridge.streaming();
    await clock.pass(100);
    io.onChange(marker, (level, atUs) => {
      if (level === 1) starts.push(atUs);
    });
    const mark = trace.mark();
    await clock.pass(500);
    const { frames } = trace.since(mark);
    expect(Math.abs(starts.length - frames.length)).toBeLessThanOrEqual(2);
    const { periodUs } = bridge.descriptor!.streams[0]!;
    // From outside, without the board's own word for it: start by start, less the lateness that the board admits.
    const steps = starts.slice(1).map((atUs, i) => atUs - starts[i]!);
    const worstUs = Math.max(...frames.map(({ lateUs }) => lateUs));
    for (const step of steps) expect(Math.abs(step - periodUs)).toBeLessThanOrEqual(worstUs + 2);
  });

  test('what drives an input stays through a reset, and lets go when told', async ({
    target,
    bridge,
    clock,
    link,
    io,
    health,
  }) => {
    health.expect('resets', 'corrupt', 'receiveErrors');
    const { free } = wiringOf(target);
    await bridge.streaming();
    const before = io.pin(free).level;
    const driven = before === 0 ? 1 : 0;
    io.drive(free, driven);
    expect(io.pin(free)).toMatchObject({ level: driven, driven: false });
    await link.reset();
    await clock.pass(200);
    expect(io.pin(free)).toMatchObject({ level: driven, driven: false });
    io.drive(free, undefined);
    expect(io.pin(free)).toMatchObject({ level: before });
  });
});
