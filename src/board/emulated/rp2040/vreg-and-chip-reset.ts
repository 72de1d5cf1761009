import { BasePeripheral, type RP2040 } from 'rp2040js';

/** Register offsets, RP2040 datasheet 2.10.6 and 2.12.8. */
const VREG = 0x00;
const BOD = 0x04;
const CHIP_RESET = 0x08;

/** CHIP_RESET: why the chip as a whole was last reset. The watchdog is not such a reason: it has its own register. */
export const chipResetFlags = { powerOn: 1 << 8, runPin: 1 << 16 } as const;

const VREG_ROK = 1 << 12;

/** VREG_AND_CHIP_RESET, RP2040 datasheet 2.10 and 2.12: settings are kept, CHIP_RESET tells power-on from RUN pin. */
export class VregAndChipReset extends BasePeripheral {
  private vreg = 0xb1;
  private brownOut = 0x91;

  constructor(
    rp2040: RP2040,
    readonly flags: number,
  ) {
    super(rp2040, 'VREG_AND_CHIP_RESET');
  }

  override readUint32(offset: number): number {
    switch (offset) {
      case VREG:
        return this.vreg | VREG_ROK;
      case BOD:
        return this.brownOut;
      case CHIP_RESET:
        return this.flags;
    }
    return super.readUint32(offset);
  }

  override writeUint32(offset: number, value: number): void {
    if (offset === VREG) this.vreg = value & 0xf3;
    else if (offset === BOD) this.brownOut = value & 0xf1;
    else if (offset !== CHIP_RESET) super.writeUint32(offset, value);
  }
}
