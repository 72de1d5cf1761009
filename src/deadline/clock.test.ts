import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClockModel } from './clock.js';
import { clockTrace, type DelayModel, delays, driftOf, seeded } from './model/line.js';

describe('ClockModel', () => {
  it('knows nothing until both a frame and a pong have come', () => {
    const clock = new ClockModel();
    const out = { hostUs: 0, uncertaintyUs: 0 };
    clock.frame(1000, 501_100);
    expect(clock.map(1000, out)).toEqual({ hostUs: Number.NaN, uncertaintyUs: Number.POSITIVE_INFINITY });
    expect(clock.deviceNotAfter(600_000)).toBeNaN();
    clock.pong(501_900, 2000, 2010, 502_100, 0);
    clock.map(2000, out);
    expect(clock.settled).toBe(true);
    expect(out.hostUs).toBeGreaterThan(501_900);
    expect(out.hostUs).toBeLessThan(502_100);
    expect(out.uncertaintyUs).toBeLessThan(105);
  });

  it('subtracts certain wire time from both bounds', () => {
    const clock = new ClockModel();
    clock.pong(10_000, 1000, 1000, 11_000, 450);
    const out = clock.map(1000, { hostUs: 0, uncertaintyUs: 0 });
    // Sent at 10,000 and 450 µs on the wire: the ping was complete no earlier than 10,450; the answer the same backwards.
    // To the nearest of what an unknown rate may make of those 450.
    expect(Math.abs(out.hostUs - 10_500)).toBeLessThan(15);
    expect(Math.abs(out.uncertaintyUs - 50)).toBeLessThan(25);
    expect(clock.roundTripUs).toBe(1000);
  });

  it('takes no time of bytes for certain on native USB: what it would subtract there makes the bounds false', () => {
    const run = (wireUs: number) => {
      const clock = new ClockModel();
      let outside = 0;
      for (let k = 1; k < 5000; k++) {
        const releaseUs = k * 1003;
        // Host = device + 1e9; a poll each millisecond.
        const arrivalUs = Math.ceil((releaseUs + 45) / 1000) * 1000 + 1e9 + 50;
        if (k % 100 === 0) clock.pong(1e9 + releaseUs, releaseUs + 300, releaseUs + 320, arrivalUs + 1000, wireUs);
        const times = { completeUs: releaseUs + 45 + wireUs, arrivalUs, releaseUs, hostUs: 0, uncertaintyUs: 0 };
        clock.observe(times);
        if (Math.abs(times.hostUs - releaseUs - 1e9) > times.uncertaintyUs) outside++;
      }
      return { outside, jumps: clock.steps > 0 };
    };
    expect(run(0)).toEqual({ outside: 0, jumps: false });
    expect(run(2500)).toMatchObject({ jumps: true });
  });

  it.each(Object.entries(delays))('holds the truth in its interval on a %s line', (_name, model: DelayModel) => {
    for (const frameHz of [100, 1000]) {
      const result = clockTrace({ seed: 7, seconds: 120, frameHz, model, drift: driftOf(40, 1, 60) });
      expect(result.frames).toBeGreaterThan(100 * frameHz);
      expect(result.coverage).toBeGreaterThanOrEqual(0.999);
      expect(result.steps).toBe(0);
    }
  });

  it('holds the truth for any drift within the limit, seed and phase', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.oneof(fc.integer({ min: -100, max: 100 }), fc.integer({ min: -25_000, max: 25_000 })),
        fc.constantFrom(...Object.values(delays)),
        (seed, ppm, model) => {
          const result = clockTrace({ seed, seconds: 20, frameHz: 200, model, drift: driftOf(ppm, 1, 60) });
          expect(result.coverage).toBeGreaterThanOrEqual(0.999);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('knows the rate within the first second, by frames and by pings in longer and longer pauses', () => {
    const random = seeded(5);
    const clock = new ClockModel();
    const out = { hostUs: 0, uncertaintyUs: 0 };
    let [pingAtUs, pauseUs, worstUs] = [10_000, 23_000, 0];
    for (let deviceUs = 1000; deviceUs < 2e6; deviceUs += 1000) {
      const hostUs = deviceUs * 1.005 + 5e9;
      clock.frame(deviceUs, delays.pty!.toHost(hostUs, random));
      if (deviceUs >= pingAtUs) {
        pingAtUs = deviceUs + pauseUs;
        if (deviceUs > 180_000) pauseUs = Math.min(503_370, 2 * pauseUs);
        const rxUs = Math.floor((delays.pty!.toDevice(hostUs, random) - 5e9) / 1.005);
        clock.pong(hostUs, rxUs, rxUs + 20, delays.pty!.toHost((rxUs + 20) * 1.005 + 5e9, random), 0);
      }
      if (deviceUs > 250_000) worstUs = Math.max(worstUs, clock.map(deviceUs, out).uncertaintyUs);
    }
    expect(worstUs).toBeLessThan(100);
  });

  it.each([-25_000, -5000, 5000, 25_000])('knows a clock that is %i ppm off as well as one that is right', (ppm) => {
    for (const [name, model] of Object.entries(delays)) {
      const trace = (drift: number) =>
        clockTrace({ seed: 4, seconds: 60, frameHz: 1000, model, drift: driftOf(drift, 1, 60) });
      const [off, right] = [trace(ppm), trace(0)];
      expect(off.coverage, name).toBeGreaterThanOrEqual(0.999);
      expect([off.steps, off.rateChanges, off.expiryTooLate], name).toEqual([0, 0, 0]);
      expect(off.uncertaintyP50Us, name).toBeLessThan(2 * right.uncertaintyP50Us);
    }
  });

  it('holds the truth while the drift wanders as fast as it is taken to', () => {
    for (const wanderPpm of [3, -3]) {
      const drift = driftOf(50, wanderPpm, 63); // 2π · 3 ppm / 63 s = 0.3 ppm a second
      const result = clockTrace({ seed: 9, seconds: 200, frameHz: 500, model: delays.pty!, drift });
      expect(result.coverage).toBeGreaterThanOrEqual(0.999);
      expect(result.rateChanges).toBe(0);
    }
  });

  it('says less the longer the line is silent, and holds the truth through 40 minutes of it', () => {
    const silence = { fromS: 20, toS: 20 + 40 * 60 };
    const result = clockTrace({
      seed: 3,
      seconds: silence.toS + 20,
      frameHz: 100,
      model: delays.pty!,
      drift: driftOf(40, 1, 60),
      silence,
    });
    expect(result.coverage).toBeGreaterThanOrEqual(0.999);
    expect(result.uncertaintyMaxUs).toBeGreaterThan(100_000);
    expect(result.lastUncertaintyUs).toBeLessThan(300);
  });

  it.each([200, -200])('follows a step of the rate by %i ppm within 5 s', (stepPpm) => {
    for (let seed = 1; seed <= 10; seed++) {
      const result = clockTrace({
        seed,
        seconds: 90,
        frameHz: 1000,
        model: delays.pty!,
        drift: (s) => (s < 60 ? 20 : 20 + stepPpm),
      });
      expect(result.lastOutsideS).toBeLessThan(65);
      expect(result.lastUncertaintyUs).toBeLessThan(300);
    }
  });

  it.each([200, -200])(
    'follows it over an FTDI adapter, too, whose polls hide the truth for longer (%i ppm)',
    (stepPpm) => {
      for (let seed = 1; seed <= 10; seed++)
        for (const line of ['FTDI 1 ms', 'FTDI 16 ms']) {
          const drift = (s: number) => (s < 60 ? 20 : 20 + stepPpm);
          const result = clockTrace({ seed, seconds: 90, frameHz: 1000, model: delays[line]!, drift });
          expect(result.lastOutsideS, `${line}, seed ${seed}`).toBeLessThan(65);
        }
    },
  );

  it('starts anew when one of the clocks jumps, and holds the truth again after the next pong', () => {
    for (const jumpUs of [-3e6, 3e6]) {
      const result = clockTrace({
        seed: 5,
        seconds: 60,
        frameHz: 1000,
        model: delays.pty!,
        drift: () => 20,
        jump: { atS: 30, us: jumpUs },
      });
      expect(result.steps).toBe(1);
      expect(result.lastOutsideS).toBeLessThan(31.5);
      expect(result.lastUncertaintyUs).toBeLessThan(300);
    }
  });

  it.each(['pty', 'USB CDC', 'FTDI 1 ms'])(
    'takes a jump that late frames hide for no slope, however steep a clock may run (%s)',
    (line) => {
      let changed = 0;
      for (let seed = 1; seed <= 80; seed++) {
        const jump = { atS: 4.3, us: 4000 + 80 * seed };
        const model = heldUp(delays[line]!, jump.atS - 0.01, jump.atS + 0.08);
        const drift = () => (seed % 2 === 0 ? 4000 : -4000);
        const result = clockTrace({ seed, seconds: 6, frameHz: 1000, model, drift, jump });
        expect(result.lastOutsideS, `seed ${seed}`).toBeLessThan(jump.atS + 0.12);
        changed += result.rateChanges;
      }
      // Some looked like a changed rate at first.
      expect(changed).toBeGreaterThan(0);
    },
  );

  it.each(['pty', 'USB CDC'])('takes one changed rate after another for what they are (%s)', (line) => {
    const drift = (s: number) => (s < 20 || s > 55 ? 20 : 620);
    const result = clockTrace({ seed: 1, seconds: 90, frameHz: 1000, model: delays[line]!, drift });
    expect([result.rateChanges, result.steps]).toEqual([2, 0]);
    expect(result.lastOutsideS).toBeLessThan(57);
  });

  it.each([10_000, -10_000])(
    'finds a rate that no clock changes to (another source of it, %i ppm) in two tries',
    (ppm) => {
      const drift = (s: number) => (s < 20 ? 20 : 20 + ppm);
      const result = clockTrace({ seed: 1, seconds: 40, frameHz: 1000, model: delays.pty!, drift });
      expect(result.steps + result.rateChanges).toBe(2);
      expect(result.lastOutsideS).toBeLessThan(21);
    },
  );

  it('bears any bounds, also such that no clock makes', () => {
    const us = (max: number) => fc.integer({ min: 0, max });
    const step = fc.record({
      deviceUs: us(200_000),
      delayUs: us(20_000),
      shiftUs: fc.integer({ min: -9000, max: 9000 }),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), step), { maxLength: 60 }), (steps) => {
        const clock = new ClockModel();
        let atUs = 1e6;
        let offsetUs = 5e9;
        for (const [isPong, { deviceUs, delayUs, shiftUs }] of steps) {
          atUs += deviceUs;
          offsetUs += shiftUs;
          if (isPong) clock.pong(atUs + offsetUs - delayUs / 4, atUs, atUs + 20, atUs + 20 + offsetUs + delayUs / 4, 0);
          else clock.frame(atUs, atUs + offsetUs + delayUs);
          const { hostUs, uncertaintyUs } = clock.map(atUs, { hostUs: 0, uncertaintyUs: 0 });
          expect(Number.isFinite(hostUs)).toBe(uncertaintyUs < Number.POSITIVE_INFINITY);
          expect(uncertaintyUs).toBeGreaterThanOrEqual(0);
        }
      }),
      { seed: 1, numRuns: 3000 },
    );
  });

  it('gives a device time that is certainly not after the host instant', () => {
    const result = clockTrace({ seed: 11, seconds: 30, frameHz: 500, model: delays.pty!, drift: driftOf(-300, 1, 60) });
    expect(result.expiryTooLate).toBe(0);
  });
});

/** A line on which nothing comes to the host from one second of the trace to another, and then everything at once. */
function heldUp(model: DelayModel, fromS: number, toS: number): DelayModel {
  let zeroUs = Number.NaN;
  return {
    ...model,
    toHost: (atUs, random) => {
      if (Number.isNaN(zeroUs)) zeroUs = atUs;
      const arrivalUs = model.toHost(atUs, random);
      const isHeld = atUs > zeroUs + fromS * 1e6 && arrivalUs < zeroUs + toS * 1e6;
      return isHeld ? zeroUs + toS * 1e6 : arrivalUs;
    },
  };
}
