import { BasePeripheral, type RP2040 } from 'rp2040js';
import type { SeededRandom } from '../random.js';

/** Register offsets and reset values, RP2040 datasheet 2.17.8. */
const CTRL = 0x00;
const PHASE = 0x14;
const STATUS = 0x18;
const RANDOMBIT = 0x1c;
const COUNT = 0x20;

const STATUS_STABLE = 1 << 31;
const STATUS_ENABLED = 1 << 12;

/**
 * ROSC, RP2040 datasheet 2.17. Only its random bit (2.17.5) does something: it comes from the seed, so that a boot id differs
 * from boot to boot and from seed to seed, and a run can be repeated. Silicon's bits are biased and correlated; these are not.
 */
export class RingOscillator extends BasePeripheral {
  /** CTRL, FREQA, FREQB, DORMANT, DIV, PHASE. */
  private readonly registers = Uint32Array.of(0xfabaa0, 0, 0, 0, 0xaa0, 8);

  constructor(
    rp2040: RP2040,
    private readonly random: SeededRandom,
  ) {
    super(rp2040, 'ROSC');
  }

  override readUint32(offset: number): number {
    if (offset >= CTRL && offset <= PHASE) return this.registers[offset >> 2]!;
    switch (offset) {
      case STATUS:
        return (STATUS_STABLE | STATUS_ENABLED) >>> 0;
      case RANDOMBIT:
        return this.random.nextBit();
      case COUNT:
        return 0; // counts down at the speed of the ring: always done by the time one reads it
    }
    return super.readUint32(offset);
  }

  override writeUint32(offset: number, value: number): void {
    if (offset >= CTRL && offset <= PHASE) this.registers[offset >> 2] = value;
    else if (offset !== STATUS && offset !== COUNT) super.writeUint32(offset, value);
  }
}
