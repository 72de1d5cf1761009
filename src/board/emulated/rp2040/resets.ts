import { BasePeripheral, type Peripheral, type RP2040 } from 'rp2040js';

/** Register offsets, RP2040 datasheet 2.14.3. */
const RESET = 0x00;
const WDSEL = 0x04;
const RESET_DONE = 0x08;
const ALL = 0x01ffffff;

/** Peripherals by bit of RESET, and their page (address / 4096), datasheet 2.14.3 and 2.2.4. Bit 7 (JTAG) has no page. */
const pages: Readonly<Record<number, number>> = {
  0: 0x4004c, // ADC
  1: 0x40030, // BUSCTRL
  2: 0x50000, // DMA
  3: 0x40044, // I2C0
  4: 0x40048, // I2C1
  5: 0x40014, // IO_BANK0
  6: 0x40018, // IO_QSPI
  8: 0x4001c, // PADS_BANK0
  9: 0x40020, // PADS_QSPI
  10: 0x50200, // PIO0
  11: 0x50300, // PIO1
  12: 0x40028, // PLL_SYS
  13: 0x4002c, // PLL_USB
  14: 0x40050, // PWM
  15: 0x4005c, // RTC
  16: 0x4003c, // SPI0
  17: 0x40040, // SPI1
  18: 0x40004, // SYSCFG
  19: 0x40000, // SYSINFO
  20: 0x4006c, // TBMAN
  21: 0x40054, // TIMER
  22: 0x40034, // UART0
  23: 0x40038, // UART1
  24: 0x50110, // USBCTRL
};

/** The boot ROM releases these on its way to the flash (datasheet 2.8.1), and no boot ROM runs here. */
const RELEASED_BY_BOOT_ROM = (1 << 6) | (1 << 9);

/**
 * RESETS, RP2040 datasheet 2.14. A peripheral that the firmware has not released reads 0 and takes no writes, as on silicon:
 * firmware that forgets to release one fails here too, not only on the real board.
 */
export class Resets extends BasePeripheral {
  /** Accesses to peripherals that were held in reset: a bug of the firmware. */
  heldAccesses = 0;
  private reset = 0;
  private watchdogSelect = 0;
  private readonly released = new Map<number, Peripheral>();
  private readonly held: Peripheral = {
    readUint32: () => {
      this.heldAccesses++;
      return 0;
    },
    writeUint32: () => {
      this.heldAccesses++;
    },
    writeUint32Atomic: () => {
      this.heldAccesses++;
    },
  };

  constructor(rp2040: RP2040) {
    super(rp2040, 'RESETS');
    for (const page of Object.values(pages)) this.released.set(page, rp2040.peripherals[page]!);
    this.hold(ALL & ~RELEASED_BY_BOOT_ROM);
  }

  override readUint32(offset: number): number {
    switch (offset) {
      case RESET:
        return this.reset;
      case WDSEL:
        return this.watchdogSelect;
      case RESET_DONE:
        return ~this.reset & ALL;
    }
    return super.readUint32(offset);
  }

  override writeUint32(offset: number, value: number): void {
    if (offset === RESET) this.hold(value & ALL);
    else if (offset === WDSEL) this.watchdogSelect = value & ALL;
    else if (offset !== RESET_DONE) super.writeUint32(offset, value);
  }

  private hold(mask: number): void {
    const changed = mask ^ this.reset;
    this.reset = mask;
    for (const [bit, page] of Object.entries(pages)) {
      const flag = 1 << Number(bit);
      if ((changed & flag) === 0) continue;
      this.rp2040.peripherals[page] = mask & flag ? this.held : this.released.get(page)!;
    }
  }
}
