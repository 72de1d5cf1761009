import { RP2040 } from 'rp2040js';
import { beforeEach, describe, expect, it } from 'vitest';
import { ClockDomain, VirtualClock } from './clock.js';
import { amendCore } from './cortex-m0.js';
import { TickGenerator } from './tick.js';
import { Timer } from './timer.js';

const TIMELW = 0x04;
const TIMEHW = 0x00;
const TIMEHR = 0x08;
const TIMELR = 0x0c;
const ALARM0 = 0x10;
const ARMED = 0x20;
const TIMERAWL = 0x28;
const PAUSE = 0x30;
const INTR = 0x34;
const INTE = 0x38;
const TICK_1US = (1 << 9) | 12;

let clock: VirtualClock;
let rp2040: RP2040;
let tick: TickGenerator;
let timer: Timer;
const pending = () => rp2040.core.pendingInterrupts & 0xf;

beforeEach(() => {
  clock = new VirtualClock();
  const domain = new ClockDomain(clock);
  rp2040 = new RP2040(domain);
  amendCore(rp2040.core);
  rp2040.clocks.writeUint32(0x30, 2); // clk_ref = 12 MHz crystal
  tick = new TickGenerator(rp2040);
  timer = new Timer(rp2040, domain, tick);
});

describe('TIMER', () => {
  it('stands still until the tick generator is set up, as on silicon', () => {
    clock.advanceTo(5e6);
    expect(timer.readUint32(TIMERAWL)).toBe(0);
    tick.write(TICK_1US);
    clock.advanceTo(8e6);
    expect(timer.readUint32(TIMERAWL)).toBe(3000);
  });

  it('raises its interrupt at exactly the microsecond of the alarm', () => {
    tick.write(TICK_1US);
    timer.writeUint32(INTE, 1);
    timer.writeUint32(ALARM0, 1000);
    clock.advanceTo(999_999);
    expect(pending()).toBe(0);
    clock.advanceTo(1_000_000);
    expect(pending()).toBe(1);
    expect(timer.readUint32(ARMED)).toBe(0);
  });

  it('keeps a period of exactly 1,000,000 ns whenever the alarm is set again', () => {
    tick.write(TICK_1US);
    timer.writeUint32(INTE, 1);
    for (let k = 1; k <= 50; k++) {
      timer.writeUint32(ALARM0, k * 1000);
      clock.advanceTo(k * 1e6 - 1);
      expect(pending()).toBe(0);
      clock.advanceTo(k * 1e6 + k * 37);
      expect(pending()).toBe(1);
      timer.writeUint32Atomic(INTR, 1, 0);
    }
  });

  it('matches the low word only, so an alarm set across the wrap fires after it', () => {
    tick.write(TICK_1US);
    timer.writeUint32(INTE, 1);
    timer.writeUint32(TIMELW, 0xffff_fff0);
    timer.writeUint32(TIMEHW, 0);
    timer.writeUint32(ALARM0, 4);
    clock.advanceTo(20e3 - 1);
    expect(pending()).toBe(0);
    clock.advanceTo(20e3);
    expect(pending()).toBe(1);
    expect(timer.readUint32(TIMELR)).toBe(4);
    expect(timer.readUint32(TIMEHR)).toBe(1);
  });

  it('latches the high word when the low one is read', () => {
    tick.write(TICK_1US);
    timer.writeUint32(TIMELW, 0xffff_ffff);
    timer.writeUint32(TIMEHW, 7);
    expect(timer.readUint32(TIMELR)).toBe(0xffff_ffff);
    clock.advanceTo(1000);
    expect(timer.readUint32(TIMEHR)).toBe(7);
  });

  it('does not fire a disarmed alarm, and goes on after a pause where it stood', () => {
    tick.write(TICK_1US);
    timer.writeUint32(INTE, 3);
    timer.writeUint32(ALARM0, 100);
    timer.writeUint32(ALARM0 + 4, 200);
    timer.writeUint32Atomic(ARMED, 1, 0);
    timer.writeUint32(PAUSE, 1);
    clock.advanceTo(1e6);
    expect(timer.readUint32(TIMERAWL)).toBe(0);
    timer.writeUint32(PAUSE, 0);
    clock.advanceTo(1e6 + 199_999);
    expect(pending()).toBe(0);
    clock.advanceTo(1e6 + 200_000);
    expect(pending()).toBe(2);
  });
});
