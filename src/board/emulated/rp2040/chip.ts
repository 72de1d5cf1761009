import { RP2040 } from 'rp2040js';
import type { SeededRandom } from '../random.js';
import { SECOND_STAGE_ADDRESS, secondStage } from './boot.js';
import { useBootRom } from './boot-rom.js';
import { ClockDomain, type VirtualClock } from './clock.js';
import { amendCore } from './cortex-m0.js';
import { Resets } from './resets.js';
import { RingOscillator } from './rosc.js';
import { SysTick } from './systick.js';
import { Machine } from './thumb/machine.js';
import type { Units } from './thumb/translate.js';
import { TickGenerator } from './tick.js';
import { Timer } from './timer.js';
import { type OnCharacter, Uart } from './uart.js';
import { chipResetFlags, VregAndChipReset } from './vreg-and-chip-reset.js';
import { Watchdog, watchdogReasons } from './watchdog.js';

/** What lives through a reset. `sram` and `scratch` keep what they held; the rest says why. */
export interface Retained {
  readonly sram: Uint8Array;
  readonly scratch: Uint32Array;
  readonly watchdogReason: number;
  readonly chipReset: number;
}

/** The state in which power comes up: RAM holds noise. */
export function powerOnState(random: SeededRandom): Retained {
  const sram = new Uint32Array((264 * 1024) / 4);
  for (let i = 0; i < sram.length; i++) sram[i] = random.nextU32();
  return {
    sram: new Uint8Array(sram.buffer),
    scratch: new Uint32Array(8),
    watchdogReason: watchdogReasons.none,
    chipReset: chipResetFlags.powerOn,
  };
}

export interface ChipWiring {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly flash: Uint8Array<ArrayBuffer>;
  readonly units: Units;
  /** Undefined: an image that uses it is stopped by a `BootRomMissing`. */
  readonly bootRom?: Uint32Array | undefined;
  /** Characters of UART0 as they end on the wire. */
  readonly onCharacter: OnCharacter;
  readonly onWatchdog: (reason: number) => void;
  readonly onUnmodelled: (where: string) => void;
  /** What is a HardFault on silicon: BKPT or UDF, an instruction or an address that does not exist, a misaligned word. */
  readonly onFault: () => void;
}

const UART0_IRQ = 20; // RP2040 datasheet 2.3.2
const UART1_IRQ = 21;

/**
 * An RP2040 just out of reset, about to run the second stage that the boot ROM would have loaded (that does not take the
 * ROM itself). Every reset makes a new one around the same flash, so that no register can be forgotten.
 */
export class Chip {
  readonly rp2040: RP2040;
  readonly machine: Machine;
  readonly uart: Uart;
  readonly timer: Timer;
  readonly watchdog: Watchdog;
  readonly resets: Resets;
  private readonly chipReset: number;
  private readonly clock: ClockDomain;

  constructor(wiring: ChipWiring, retained: Retained) {
    const clock = new ClockDomain(wiring.clock);
    this.clock = clock;
    const rp2040 = new RP2040(clock);
    this.rp2040 = rp2040;
    this.chipReset = retained.chipReset;
    useFlash(rp2040, wiring.flash);
    useBootRom(rp2040, wiring.bootRom);
    this.machine = new Machine(rp2040, wiring.clock, wiring.units);
    rp2040.logger = listen(wiring);
    rp2040.onBreak = wiring.onFault;
    amendCore(rp2040.core);

    const tick = new TickGenerator(rp2040);
    new SysTick(rp2040, clock, tick);
    this.timer = new Timer(rp2040, clock, tick);
    this.watchdog = new Watchdog(
      rp2040,
      clock,
      tick,
      { scratch: retained.scratch, reason: retained.watchdogReason },
      wiring.onWatchdog,
    );
    this.uart = new Uart(rp2040, clock, 'UART0', UART0_IRQ, wiring.onCharacter);
    const { peripherals } = rp2040;
    peripherals[0x40034] = this.uart;
    peripherals[0x40038] = new Uart(rp2040, clock, 'UART1', UART1_IRQ, () => {});
    peripherals[0x40054] = this.timer;
    peripherals[0x40058] = this.watchdog;
    peripherals[0x40060] = new RingOscillator(rp2040, wiring.random);
    peripherals[0x40064] = new VregAndChipReset(rp2040, retained.chipReset);
    this.resets = new Resets(rp2040);
    peripherals[0x4000c] = this.resets;

    rp2040.updateClocks(); // the ring oscillator runs the core until the firmware has set up its clocks (2.15.1)
    rp2040.sram.set(retained.sram);
    this.enterSecondStage(wiring.flash);
  }

  /** What a reset that is not a power-on leaves. */
  retain(watchdogReason: number, chipReset: number = this.chipReset): Retained {
    const { sram } = this.rp2040;
    const survives = watchdogReason !== watchdogReasons.none;
    return { sram, scratch: survives ? this.watchdog.scratch : new Uint32Array(8), watchdogReason, chipReset };
  }

  /** Stops everything that this chip still had under way. */
  detach(): void {
    this.clock.cancelAll();
  }

  private enterSecondStage(flash: Uint8Array): void {
    const { core, sram } = this.rp2040;
    sram.set(secondStage(flash), SECOND_STAGE_ADDRESS - 0x20000000);
    core.VTOR = 0;
    core.PC = SECOND_STAGE_ADDRESS;
    core.SP = SECOND_STAGE_ADDRESS;
    core.LR = 0; // the second stage returns there when a program calls it; from the boot ROM it is 0
  }
}

/** `rp2040js` gives each chip 16 MiB of erased flash; a Pico has 2 MiB, and they keep their contents. */
function useFlash(rp2040: RP2040, flash: Uint8Array<ArrayBuffer>): void {
  const flashView = new DataView(flash.buffer);
  // A store there only frees a line of the flash's cache (RP2040 datasheet 2.6.3); `rp2040js` would change the flash.
  flashView.setUint32 = () => {};
  Object.assign(rp2040, { flash, flash16: new Uint16Array(flash.buffer), flashView });
}

/** `rp2040js` goes on where silicon faults, but says so. */
const faults = /invalid memory address|undefined address|not 32 bit aligned|not implemented yet/;

function listen({ onUnmodelled, onFault }: ChipWiring): RP2040['logger'] {
  const hear = (component: string, message: string) => {
    if (faults.test(message)) onFault();
    onUnmodelled(`${component}: ${message}`);
  };
  return { debug() {}, info() {}, warn: hear, error: hear };
}
