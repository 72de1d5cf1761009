import type { RP2040 } from 'rp2040js';

const ENABLE = 1 << 9;
const RUNNING = 1 << 10;
const CYCLES_MASK = 0x1ff;

/**
 * Tick generator inside the watchdog block, RP2040 datasheet 4.7.2: clk_ref divided by TICK.CYCLES, 1 us when the firmware
 * has set it up. It drives the TIMER and the watchdog; both stand still until TICK.ENABLE is set.
 */
export class TickGenerator {
  private register = ENABLE; // reset value: enabled, with CYCLES 0, which divides nothing
  private epochNs = 0;
  private period = 0;
  private readonly before: (() => void)[] = [];
  private readonly after: (() => void)[] = [];

  constructor(private readonly rp2040: RP2040) {}

  get running(): boolean {
    return this.period > 0;
  }

  /** Time between two ticks; 0 while the generator stands still. */
  get periodNs(): number {
    return this.period;
  }

  /** Ticks since the generator was started. */
  get count(): number {
    return this.running ? Math.floor((this.rp2040.clock.nanos - this.epochNs) / this.period) : 0;
  }

  /** The instant at which `count` becomes this. */
  instantNs(count: number): number {
    return this.epochNs + count * this.period;
  }

  /** `before` is called while the old rate still holds, `after` when the new one does. */
  onChange(before: () => void, after: () => void): void {
    this.before.push(before);
    this.after.push(after);
  }

  read(): number {
    return this.register | (this.running ? RUNNING : 0);
  }

  write(value: number): void {
    const wanted = value & (ENABLE | CYCLES_MASK);
    if (wanted === this.register) return;
    for (const listener of this.before) listener();
    this.register = wanted;
    const cycles = wanted & CYCLES_MASK;
    this.period = wanted & ENABLE && cycles > 0 ? (cycles * 1e9) / this.referenceHz : 0;
    // Whole nanoseconds, so that every later tick of a 1 us generator is one too.
    this.epochNs = Math.ceil(this.rp2040.clock.nanos);
    for (const listener of this.after) listener();
  }

  private get referenceHz(): number {
    return this.rp2040.clocks.refFreq || this.rp2040.roscFreq;
  }
}
