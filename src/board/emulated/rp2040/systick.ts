import type { RP2040 } from 'rp2040js';
import type { ClockDomain, VirtualAlarm } from './clock.js';
import type { TickGenerator } from './tick.js';

/** Register offsets in the private peripheral bus, ARMv6-M Architecture Reference Manual B3.3; RP2040 datasheet 2.4.8. */
const SYST_CSR = 0x10;
const SYST_RVR = 0x14;
const SYST_CVR = 0x18;

const CSR_ENABLE = 1 << 0;
const CSR_TICKINT = 1 << 1;
const CSR_CLKSOURCE = 1 << 2;
const CSR_COUNTFLAG = 1 << 16;
const COUNT_MASK = 0xffffff;

/**
 * SysTick: 24 bits down from RVR, by the core's clock or by the 1 us tick. It pends its exception only when it counts from 1
 * to 0: a timer that is started with a cleared counter first loads RVR. (That of `rp2040js` fires once on being started.)
 */
export class SysTick {
  private control = 0;
  private reload = 0;
  private counter = 0; // while it stands still
  private countFlag = false;
  private readonly alarm: VirtualAlarm;

  constructor(
    private readonly rp2040: RP2040,
    private readonly clock: ClockDomain,
    private readonly tick: TickGenerator,
  ) {
    this.alarm = clock.createAlarm(() => this.reachedZero());
    // The rate has already changed when the chip says so; the count is off by that one step of the clock tree at most.
    rp2040.addClockListener((_hz, oldHz) => this.rateChanged(1e9 / oldHz));
    this.takeOver();
  }

  /** Puts this in the place of the stock one, among the other registers of the core. */
  private takeOver(): void {
    const { ppb } = this.rp2040;
    const read = ppb.readUint32.bind(ppb);
    const write = ppb.writeUint32.bind(ppb);
    ppb.readUint32 = (offset) => (offset >= SYST_CSR && offset <= SYST_CVR ? this.read(offset) : read(offset));
    ppb.writeUint32 = (offset, value) => {
      if (offset >= SYST_CSR && offset <= SYST_CVR) this.write(offset, value);
      else write(offset, value);
    };
  }

  private read(offset: number): number {
    if (offset === SYST_RVR) return this.reload;
    if (offset === SYST_CVR) return this.count(this.periodNs);
    const value = this.control | (this.countFlag ? CSR_COUNTFLAG : 0);
    this.countFlag = false;
    return value;
  }

  private write(offset: number, value: number): void {
    if (offset === SYST_RVR) {
      this.reload = value & COUNT_MASK;
      return;
    }
    this.counter = offset === SYST_CVR ? 0 : this.count(this.periodNs);
    if (offset === SYST_CVR) this.countFlag = false;
    else this.control = value & (CSR_ENABLE | CSR_TICKINT | CSR_CLKSOURCE);
    this.run();
  }

  private get periodNs(): number {
    return this.control & CSR_CLKSOURCE ? 1e9 / this.rp2040.clkSys : this.tick.periodNs;
  }

  private count(periodNs: number): number {
    if (!this.alarm.pending || periodNs === 0) return this.counter;
    const left = Math.ceil((this.alarm.atNs - this.clock.nanos) / periodNs);
    return left > this.reload ? 0 : left;
  }

  private run(): void {
    const { periodNs } = this;
    this.alarm.cancel();
    if ((this.control & CSR_ENABLE) === 0 || periodNs === 0) return;
    if (this.counter === 0 && this.reload === 0) return;
    this.alarm.schedule((this.counter === 0 ? this.reload + 1 : this.counter) * periodNs);
  }

  private reachedZero(): void {
    this.countFlag = true;
    this.counter = 0;
    if (this.control & CSR_TICKINT) {
      this.rp2040.core.pendingSystick = true;
      this.rp2040.core.interruptsUpdated = true;
    }
    this.run();
  }

  private rateChanged(oldPeriodNs: number): void {
    if ((this.control & CSR_CLKSOURCE) === 0) return;
    this.counter = this.count(oldPeriodNs);
    this.run();
  }
}
