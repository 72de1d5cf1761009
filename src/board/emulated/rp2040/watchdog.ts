import { BasePeripheral, type RP2040 } from 'rp2040js';
import type { ClockDomain, VirtualAlarm } from './clock.js';
import type { TickGenerator } from './tick.js';

/** Register offsets, RP2040 datasheet 4.7.6. */
const CTRL = 0x00;
const LOAD = 0x04;
const REASON = 0x08;
const SCRATCH0 = 0x0c;
const SCRATCH7 = 0x28;
const TICK = 0x2c;

const CTRL_TRIGGER = 1 << 31;
const CTRL_ENABLE = 1 << 30;
const CTRL_PAUSE_BITS = 0b111 << 24;
const LOAD_MASK = 0xffffff;
/** Erratum RP2040-E1: the counter is decremented twice per tick. */
const COUNTS_PER_TICK = 2;

export const watchdogReasons = { none: 0, timer: 1, force: 2 } as const;

/**
 * WATCHDOG, RP2040 datasheet 4.7. Its time-out resets the chip; REASON and the scratch registers live through that.
 * `retained` is what the block holds after the reset before this one.
 */
export class Watchdog extends BasePeripheral {
  readonly scratch: Uint32Array;
  reason: number;
  private control = CTRL_PAUSE_BITS;
  private counter = 0; // at `tickAtBase`
  private tickAtBase = 0;
  private readonly alarm: VirtualAlarm;

  constructor(
    rp2040: RP2040,
    clock: ClockDomain,
    private readonly tick: TickGenerator,
    retained: { readonly scratch: Uint32Array; readonly reason: number },
    private readonly onReset: (reason: number) => void,
  ) {
    super(rp2040, 'WATCHDOG');
    this.scratch = retained.scratch.slice();
    this.reason = retained.reason;
    this.alarm = clock.createAlarm(() => this.onReset(watchdogReasons.timer));
    tick.onChange(
      () => {
        this.counter = this.remaining;
      },
      () => this.load(this.counter),
    );
  }

  override readUint32(offset: number): number {
    if (offset >= SCRATCH0 && offset <= SCRATCH7) return this.scratch[(offset - SCRATCH0) >> 2]!;
    switch (offset) {
      case CTRL:
        return (this.control | this.remaining) >>> 0;
      case LOAD:
        return 0; // write only
      case REASON:
        return this.reason;
      case TICK:
        return this.tick.read();
    }
    return super.readUint32(offset);
  }

  override writeUint32(offset: number, value: number): void {
    if (offset >= SCRATCH0 && offset <= SCRATCH7) {
      this.scratch[(offset - SCRATCH0) >> 2] = value;
      return;
    }
    switch (offset) {
      case CTRL:
        this.counter = this.remaining;
        this.control = value & (CTRL_ENABLE | CTRL_PAUSE_BITS);
        this.load(this.counter);
        if (value & CTRL_TRIGGER) this.onReset(watchdogReasons.force);
        return;
      case LOAD:
        this.load(value & LOAD_MASK);
        return;
      case REASON:
        return; // read only
      case TICK:
        this.tick.write(value);
        return;
    }
    super.writeUint32(offset, value);
  }

  private get enabled(): boolean {
    return (this.control & CTRL_ENABLE) !== 0 && this.tick.running;
  }

  private get remaining(): number {
    if (!this.enabled) return this.counter;
    return Math.max(0, this.counter - COUNTS_PER_TICK * (this.tick.count - this.tickAtBase));
  }

  private load(counter: number): void {
    this.counter = counter;
    this.tickAtBase = this.tick.count;
    if (!this.enabled) this.alarm.cancel();
    else this.alarm.scheduleAt(this.tick.instantNs(this.tickAtBase + Math.ceil(counter / COUNTS_PER_TICK)));
  }
}
