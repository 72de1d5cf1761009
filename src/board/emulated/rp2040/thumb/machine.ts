import type { RP2040 } from 'rp2040js';
import type { VirtualClock } from '../clock.js';
import type { Units } from './translate.js';

export const FLASH = 0x10000000;
const SRAM = 0x20000000;
export const SP = 13;
export const LR = 14;
export const PC = 15;

/**
 * The state that instructions work on: that of the core of `rp2040js` itself, and typed views of its memories, so that an
 * instruction can be run by either. Addresses may come as any number; they count modulo 2^32.
 *
 * The clock is not moved after each instruction, but before anything that can see it: an access outside the memories, an
 * instruction that `rp2040js` runs, and the end of `budget`.
 */
export class Machine {
  readonly core: RP2040['core'];
  /** R0 to R15, signed: cheaper for V8 than the unsigned view of the same memory. */
  readonly r: Int32Array;
  /** Cycles that were run and are not yet on the clock. */
  pending = 0;
  /** Cycles up to the next alarm; 0 when that must be looked up again. */
  budget = 0;
  private nsPerCycle = 0;
  private readonly flash8: Uint8Array;
  private readonly flash16: Uint16Array;
  private readonly flash32: Int32Array;
  readonly sram8: Uint8Array;
  readonly sram16: Uint16Array;
  readonly sram32: Int32Array;

  constructor(
    private readonly rp2040: RP2040,
    private readonly clock: VirtualClock,
    readonly units: Units,
  ) {
    const { core, flash, sram } = rp2040;
    this.core = core;
    this.r = new Int32Array(core.registers.buffer);
    this.flash8 = flash;
    this.flash16 = new Uint16Array(flash.buffer);
    this.flash32 = new Int32Array(flash.buffer);
    this.sram8 = sram;
    this.sram16 = new Uint16Array(sram.buffer);
    this.sram32 = new Int32Array(sram.buffer);
  }

  /** Sets the budget up to the next alarm, or to `untilNs` if that comes first. */
  plan(untilNs: number): void {
    // In 1/1024 ns, whose sums are exact: 8 at 125 MHz, and off by less than 0.02 % at any clock that the chip can run at.
    this.nsPerCycle = Math.round((1024 * 1e9) / this.rp2040.clkSys) / 1024;
    this.budget = (Math.min(untilNs, this.clock.nextNs) - this.clock.nanos) / this.nsPerCycle;
  }

  /** Puts on the clock what was run. Alarms that are due fire. */
  settle(): void {
    const cycles = this.pending;
    this.pending = 0;
    this.budget = 0;
    if (cycles > 0) this.clock.advanceTo(this.clock.nanos + cycles * this.nsPerCycle);
  }

  /** Takes over the cycles that `rp2040js` and the exception entry have counted. */
  takeCycles(): void {
    this.pending += this.core.cycles;
    this.core.cycles = 0;
  }

  fetch(address: number): number {
    const inFlash = (address - FLASH) >>> 0;
    if (inFlash < this.flash8.length) return this.flash16[inFlash >>> 1]!;
    const inSram = (address - SRAM) >>> 0;
    if (inSram < this.sram8.length) return this.sram16[inSram >>> 1]!;
    return this.rp2040.readUint16(address >>> 0);
  }

  load32(address: number): number {
    if ((address & 3) === 0) {
      const inSram = (address - SRAM) >>> 0;
      if (inSram < this.sram8.length) return this.sram32[inSram >>> 2]!;
      const inFlash = (address - FLASH) >>> 0;
      if (inFlash < this.flash8.length) return this.flash32[inFlash >>> 2]!;
    }
    this.settle();
    const value = this.rp2040.readUint32(address >>> 0) | 0;
    this.takeCycles(); // SIO's divider makes its reader wait
    return value;
  }

  load16(address: number): number {
    if ((address & 1) === 0) {
      const inSram = (address - SRAM) >>> 0;
      if (inSram < this.sram8.length) return this.sram16[inSram >>> 1]!;
      const inFlash = (address - FLASH) >>> 0;
      if (inFlash < this.flash8.length) return this.flash16[inFlash >>> 1]!;
    }
    this.settle();
    return this.rp2040.readUint16(address >>> 0);
  }

  load8(address: number): number {
    const inSram = (address - SRAM) >>> 0;
    if (inSram < this.sram8.length) return this.sram8[inSram]!;
    const inFlash = (address - FLASH) >>> 0;
    if (inFlash < this.flash8.length) return this.flash8[inFlash]!;
    this.settle();
    return this.rp2040.readUint8(address >>> 0);
  }

  store32(address: number, value: number): void {
    const inSram = (address - SRAM) >>> 0;
    if ((address & 3) === 0 && inSram < this.sram8.length) {
      this.sram32[inSram >>> 2] = value;
      return;
    }
    this.settle();
    this.rp2040.writeUint32(address >>> 0, value >>> 0);
    this.takeCycles();
  }

  store16(address: number, value: number): void {
    const inSram = (address - SRAM) >>> 0;
    if ((address & 1) === 0 && inSram < this.sram8.length) {
      this.sram16[inSram >>> 1] = value;
      return;
    }
    this.settle();
    this.rp2040.writeUint16(address >>> 0, value & 0xffff);
  }

  store8(address: number, value: number): void {
    const inSram = (address - SRAM) >>> 0;
    if (inSram < this.sram8.length) {
      this.sram8[inSram] = value;
      return;
    }
    this.settle();
    this.rp2040.writeUint8(address >>> 0, value & 0xff);
  }
}

/** Runs one instruction, whose address PC has already left behind by 2; returns its cycles. */
export type Instruction = (m: Machine, opcode: number) => number;

/** Cycles of a load beyond the first: SIO answers at once, the peripherals' bus takes its time (RP2040 datasheet 2.1). */
export function loadCycles(address: number): number {
  const region = address >>> 28;
  return region === 0xd ? 1 : region === 4 ? 4 : 2;
}

/** Cycles of a store. */
export function storeCycles(address: number): number {
  const region = address >>> 28;
  return region === 0xd ? 1 : region === 4 ? 5 : 2;
}
