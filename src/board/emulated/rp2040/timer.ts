import { BasePeripheral, type RP2040 } from 'rp2040js';
import type { ClockDomain, VirtualAlarm } from './clock.js';
import type { TickGenerator } from './tick.js';

/** Register offsets, RP2040 datasheet 4.6.5. */
const TIMEHW = 0x00;
const TIMELW = 0x04;
const TIMEHR = 0x08;
const TIMELR = 0x0c;
const ALARM0 = 0x10;
const ALARM3 = 0x1c;
const ARMED = 0x20;
const TIMERAWH = 0x24;
const TIMERAWL = 0x28;
const DBGPAUSE = 0x2c;
const PAUSE = 0x30;
const INTR = 0x34;
const INTE = 0x38;
const INTF = 0x3c;
const INTS = 0x40;

const ALARMS = [0, 1, 2, 3] as const;
const WORD = 2 ** 32;

/**
 * TIMER, RP2040 datasheet 4.6: a 64-bit count of ticks and four alarms on its low word.
 *
 * An alarm fires exactly at the instant at which the count becomes its value, so that a period of 1,000 ticks is 1,000,000 ns.
 * The count stands still until the firmware has started the tick generator, as on silicon.
 */
export class Timer extends BasePeripheral {
  private count = 0; // at `tickAtBase`
  private tickAtBase = 0;
  private latchedHigh = 0;
  private writtenLow = 0;
  private paused = false;
  private armed = 0;
  private interruptRaw = 0;
  private interruptEnable = 0;
  private interruptForce = 0;
  private readonly targets = [0, 0, 0, 0];
  private readonly alarms: VirtualAlarm[];

  constructor(
    rp2040: RP2040,
    clock: ClockDomain,
    private readonly tick: TickGenerator,
  ) {
    super(rp2040, 'TIMER');
    this.alarms = ALARMS.map((index) => clock.createAlarm(() => this.fire(index)));
    tick.onChange(
      () => {
        this.count = this.ticks;
      },
      () => this.setCount(this.count),
    );
  }

  /** The 64-bit count. */
  get ticks(): number {
    return this.paused ? this.count : this.count + this.tick.count - this.tickAtBase;
  }

  override readUint32(offset: number): number {
    switch (offset) {
      case TIMEHW:
      case TIMELW:
        return 0; // write only
      case TIMEHR:
        return this.latchedHigh;
      case TIMELR: {
        const ticks = this.ticks;
        this.latchedHigh = Math.floor(ticks / WORD) >>> 0;
        return ticks % WORD;
      }
      case ARMED:
        return this.armed;
      case TIMERAWH:
        return Math.floor(this.ticks / WORD) >>> 0;
      case TIMERAWL:
        return this.ticks % WORD;
      case DBGPAUSE:
        return 0b110;
      case PAUSE:
        return this.paused ? 1 : 0;
      case INTR:
        return this.interruptRaw;
      case INTE:
        return this.interruptEnable;
      case INTF:
        return this.interruptForce;
      case INTS:
        return this.interruptStatus;
    }
    if (offset >= ALARM0 && offset <= ALARM3) return this.targets[(offset - ALARM0) >> 2]!;
    return super.readUint32(offset);
  }

  override writeUint32(offset: number, value: number): void {
    switch (offset) {
      case TIMELW:
        this.writtenLow = value >>> 0;
        return;
      case TIMEHW: // the write of the high word takes both over
        this.setCount((value >>> 0) * WORD + this.writtenLow);
        return;
      case ARMED: // write 1 to disarm
        this.disarm(this.rawWriteValue);
        return;
      case DBGPAUSE:
        return; // there is no debugger
      case PAUSE:
        this.count = this.ticks;
        this.paused = (value & 1) !== 0;
        this.setCount(this.count);
        return;
      case INTR: // write 1 to clear
        this.interruptRaw &= ~this.rawWriteValue;
        break;
      case INTE:
        this.interruptEnable = value & 0xf;
        break;
      case INTF:
        this.interruptForce = value & 0xf;
        break;
      default:
        if (offset >= ALARM0 && offset <= ALARM3) this.arm((offset - ALARM0) >> 2, value);
        else super.writeUint32(offset, value);
        return;
    }
    this.updateInterrupts();
  }

  private get interruptStatus(): number {
    return (this.interruptRaw & this.interruptEnable) | this.interruptForce;
  }

  private setCount(count: number): void {
    this.count = count;
    this.tickAtBase = this.tick.count;
    for (const index of ALARMS) if (this.armed & (1 << index)) this.schedule(index);
  }

  private arm(index: number, value: number): void {
    this.targets[index] = value >>> 0;
    this.armed |= 1 << index;
    this.schedule(index);
  }

  /** A target that has just passed matches after the low word has wrapped, 72 minutes later, as on silicon. */
  private schedule(index: number): void {
    const alarm = this.alarms[index]!;
    alarm.cancel();
    if (this.paused || !this.tick.running) return;
    const ticks = this.ticks;
    const ahead = (this.targets[index]! - (ticks % WORD)) >>> 0;
    alarm.scheduleAt(this.tick.instantNs(ticks + ahead - this.count + this.tickAtBase));
  }

  private disarm(mask: number): void {
    for (const index of ALARMS) if (mask & (1 << index)) this.alarms[index]!.cancel();
    this.armed &= ~mask;
  }

  private fire(index: number): void {
    this.armed &= ~(1 << index);
    this.interruptRaw |= 1 << index;
    this.updateInterrupts();
  }

  private updateInterrupts(): void {
    const status = this.interruptStatus;
    for (const index of ALARMS) this.rp2040.setInterrupt(index, (status & (1 << index)) !== 0); // IRQ 0..3, 2.3.2
  }
}
