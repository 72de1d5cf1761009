import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../random.js';
import { sleeper } from '../test-programs.js';
import { flashFrom } from './boot.js';
import { Chip, powerOnState, type Retained } from './chip.js';
import { VirtualClock } from './clock.js';
import { raiseHardFault, shouldWake } from './cortex-m0.js';
import { Units } from './thumb/translate.js';
import { watchdogReasons } from './watchdog.js';

const WATCHDOG = 0x40058000;
const RESETS = 0x4000c000;
const UART0_CR = 0x40034030;
const CHIP_RESET = 0x40064008;
const RANDOMBIT = 0x4006001c;
const TICK_1US = (1 << 9) | 12;

function chipAt(clock: VirtualClock, seed = 1, retained?: Retained) {
  const reasons: number[] = [];
  const random = new SeededRandom(seed);
  const chip = new Chip(
    {
      clock,
      random,
      flash: flashFrom(sleeper),
      units: new Units(new Uint16Array(0)),
      onCharacter: () => {},
      onWatchdog: (reason) => reasons.push(reason),
      onUnmodelled: () => {},
      onFault: () => {},
    },
    retained ?? powerOnState(random),
  );
  chip.rp2040.clocks.writeUint32(0x30, 2); // clk_ref = 12 MHz crystal
  return { chip, reasons };
}

describe('watchdog', () => {
  it('resets after its load, which it counts down twice per tick (erratum RP2040-E1)', () => {
    const clock = new VirtualClock();
    const { chip, reasons } = chipAt(clock);
    chip.rp2040.writeUint32(WATCHDOG + 0x2c, TICK_1US);
    chip.rp2040.writeUint32(WATCHDOG + 0x04, 2 * 50_000);
    chip.rp2040.writeUint32(WATCHDOG + 0x2000, 1 << 30);
    clock.advanceTo(30e6);
    chip.rp2040.writeUint32(WATCHDOG + 0x04, 2 * 50_000); // fed
    clock.advanceTo(80e6 - 1);
    expect(reasons).toEqual([]);
    clock.advanceTo(80e6);
    expect(reasons).toEqual([watchdogReasons.timer]);
  });

  it('does not count without the tick generator, and resets at once when it is triggered', () => {
    const clock = new VirtualClock();
    const { chip, reasons } = chipAt(clock);
    chip.rp2040.writeUint32(WATCHDOG + 0x04, 2000);
    chip.rp2040.writeUint32(WATCHDOG, 1 << 30);
    clock.advanceTo(1e9);
    expect(reasons).toEqual([]);
    chip.rp2040.writeUint32(WATCHDOG + 0x2000, 0x80000000);
    expect(reasons).toEqual([watchdogReasons.force]);
  });

  it('keeps scratch registers, RAM and the chip-level reason through its reset; the RUN pin clears the scratch registers', () => {
    const clock = new VirtualClock();
    const { chip } = chipAt(clock);
    chip.rp2040.writeUint32(WATCHDOG + 0x0c, 0xcafe);
    chip.rp2040.writeUint32(0x20001000, 0xbeef);
    const after = chipAt(clock, 1, chip.retain(watchdogReasons.timer)).chip;
    expect(after.rp2040.readUint32(WATCHDOG + 0x0c)).toBe(0xcafe);
    expect(after.rp2040.readUint32(WATCHDOG + 0x08)).toBe(watchdogReasons.timer);
    expect(after.rp2040.readUint32(0x20001000)).toBe(0xbeef);
    expect(after.rp2040.readUint32(CHIP_RESET)).toBe(1 << 8);
    const run = chipAt(clock, 1, after.retain(watchdogReasons.none, 1 << 16)).chip;
    expect(run.rp2040.readUint32(WATCHDOG + 0x0c)).toBe(0);
    expect(run.rp2040.readUint32(WATCHDOG + 0x08)).toBe(0);
    expect(run.rp2040.readUint32(CHIP_RESET)).toBe(1 << 16);
  });
});

describe('chip', () => {
  it('keeps a peripheral silent until it is released from reset', () => {
    const { chip } = chipAt(new VirtualClock());
    chip.rp2040.writeUint32(UART0_CR, 0x301);
    expect(chip.rp2040.readUint32(UART0_CR)).toBe(0);
    expect(chip.resets.heldAccesses).toBe(2);
    chip.rp2040.writeUint32(RESETS + 0x3000, 1 << 22);
    expect(chip.rp2040.readUint32(RESETS + 8) & (1 << 22)).not.toBe(0);
    chip.rp2040.writeUint32(UART0_CR, 0x301);
    expect(chip.rp2040.readUint32(UART0_CR)).toBe(0x301);
  });

  it('draws random bits from its seed: equal for equal seeds, different for others', () => {
    const bits = (seed: number) => {
      const { chip } = chipAt(new VirtualClock(), seed);
      return Array.from({ length: 64 }, () => chip.rp2040.readUint32(RANDOMBIT)).join('');
    };
    expect(bits(5)).toBe(bits(5));
    expect(bits(5)).not.toBe(bits(6));
  });

  it('drops the alarms of the chip before a reset', () => {
    const clock = new VirtualClock();
    const { chip, reasons } = chipAt(clock);
    chip.rp2040.writeUint32(WATCHDOG + 0x2c, TICK_1US);
    chip.rp2040.writeUint32(WATCHDOG + 0x04, 2000);
    chip.rp2040.writeUint32(WATCHDOG, 1 << 30);
    chip.detach();
    clock.advanceTo(1e9);
    expect(reasons).toEqual([]);
  });
});

describe('core', () => {
  it('wakes only for an exception that would preempt if PRIMASK were clear', () => {
    const { core } = chipAt(new VirtualClock()).chip.rp2040;
    core.PM = true;
    core.setInterrupt(0, true);
    expect(shouldWake(core)).toBe(false); // not enabled
    core.enabledInterrupts = 1;
    expect(shouldWake(core)).toBe(true);
    core.IPSR = 16; // already in that handler
    expect(shouldWake(core)).toBe(false);
    core.IPSR = 0;
    core.setInterrupt(0, false);
    core.pendingPendSV = true;
    expect(shouldWake(core)).toBe(true);
  });

  it('charges the entry into an exception, and locks up on a fault in the HardFault handler', () => {
    const { core } = chipAt(new VirtualClock()).chip.rp2040;
    core.cycles = 0;
    expect(raiseHardFault(core)).toBe(false);
    expect(core.cycles).toBe(15);
    expect(raiseHardFault(core)).toBe(true);
  });
});

describe('boot', () => {
  it('refuses an image that a real Pico would not boot, and says what to give instead', () => {
    const broken = sleeper.slice();
    broken[4]! ^= 1;
    expect(() => flashFrom(broken)).toThrow(/checksum.*a real Pico would not boot/);
    expect(() => flashFrom(new Uint8Array(10))).toThrow(/10 bytes.*\.bin/);
  });
});
