/** An ATmega328P from one reset to the next: the core of `avr8js`, its peripherals, and what is ours. */
import {
  ADCMuxInputType,
  ADCReference,
  AVRADC,
  AVRClock,
  AVREEPROM,
  AVRIOPort,
  AVRWatchdog,
  adcConfig,
  avrInstruction,
  CPU,
  clockConfig,
  type EEPROMMemoryBackend,
  portBConfig,
  portCConfig,
  portDConfig,
  timer0Config,
  timer1Config,
  timer2Config,
  watchdogConfig,
} from 'avr8js';
import { addTimer, flagMatchesLate } from './sparse-timer.js';
import { Usart } from './usart.js';

export const CRYSTAL_HZ = 16e6;
/** Words. */
const FLASH_WORDS = 0x4000;
const RAM_AT = 0x100;
const RAM_BYTES = 0x800;
const MCUSR = 0x54;
const SMCR = 0x53;
const SREG = 95;
const INTERRUPTS_ON = 0x80;
const SLEEP = 0x9588;
const SEI = 0x9478;
const RETI = 0x9518;
/** Its high byte. Two cycles (datasheet 31); `avr8js` counts one. */
const CBI = 0x9800;
/** Datasheet 7.7.1: four cycles into an interrupt, four more out of sleep; `avr8js` counts two. */
const ENTRY_CYCLES = 2;
const WAKE_CYCLES = 4;
const SLEEP_ENABLED = 1;
const WATCHDOG_RESETS = 0x08;
const WATCHDOG_CHANGES = 0x10;

/** MCUSR: why the chip was reset. */
export const resetFlags = { powerOn: 0x01, pin: 0x02, brownOut: 0x04, watchdog: 0x08 } as const;

/** What goes from one life of the chip to the next. */
export interface Retained {
  readonly flags: number;
  /** RAM keeps its contents but for a loss of power. */
  readonly ram: Uint8Array;
  readonly cycle: number;
}

export interface ChipEnvironment {
  /** 32 KiB. */
  readonly flash: Uint16Array;
  readonly eeprom: EEPROMMemoryBackend;
  /** Volts at inputs 0..7, and of the temperature sensor, 8. */
  readonly volts: Float64Array;
  readonly onCharacter: (byte: number, endCycle: number) => void;
  readonly onWatchdog: () => void;
}

export class Chip {
  readonly cpu: CPU;
  readonly usart: Usart;
  /** By letter, as the datasheet has them. */
  readonly ports: { readonly b: AVRIOPort; readonly c: AVRIOPort; readonly d: AVRIOPort };
  /** Longest time in which no interrupt could be taken, cycles. */
  longestMaskedCycles = 0;
  #maskedAtCycle: number | null = null;
  /** Before the program allows interrupts the first time nobody waits for one. */
  #hasAllowed = false;
  #asleep = false;

  constructor(environment: ChipEnvironment, { flags, ram, cycle }: Retained) {
    const cpu = new CPU(environment.flash, RAM_BYTES);
    cpu.data.set(ram, RAM_AT);
    cpu.data[MCUSR] = flags;
    cpu.cycles = cycle;
    this.cpu = cpu;
    this.usart = new Usart(cpu, environment.onCharacter);
    this.ports = {
      b: new AVRIOPort(cpu, portBConfig),
      c: new AVRIOPort(cpu, portCConfig),
      d: new AVRIOPort(cpu, portDConfig),
    };
    const clock = new AVRClock(cpu, CRYSTAL_HZ, clockConfig);
    // They live in the hooks that they set.
    for (const config of [timer0Config, timer1Config, timer2Config]) flagMatchesLate(cpu, addTimer(cpu, config));
    new AVREEPROM(cpu, environment.eeprom);
    new AVRWatchdog(cpu, watchdogConfig, clock);
    attachAdc(cpu, environment.volts);
    // `avr8js` resets the core alone; a reset is a new life for all of it.
    cpu.reset = environment.onWatchdog;
    if (flags & resetFlags.watchdog) this.#keepWatchdogRunning();
  }

  get isAsleep(): boolean {
    return this.#asleep;
  }

  get ram(): Uint8Array {
    return this.cpu.data.slice(RAM_AT, RAM_AT + RAM_BYTES);
  }

  /** Runs to this cycle, exact while the core sleeps, else to the end of an instruction; sooner when `isOver` says so. */
  run(endCycle: number, isOver: () => boolean): void {
    const { cpu } = this;
    const { data, progMem } = cpu;
    while (cpu.cycles < endCycle && !isOver()) {
      if (this.#asleep) {
        this.#sleep(endCycle);
        continue;
      }
      const opcode = progMem[cpu.pc];
      const sleeps = opcode === SLEEP && (data[SMCR]! & SLEEP_ENABLED) !== 0;
      const allows = opcode === RETI || (opcode === SEI && (data[SREG]! & INTERRUPTS_ON) === 0);
      avrInstruction(cpu);
      if ((opcode! & 0xff00) === CBI) cpu.cycles++;
      // Behind these one more instruction runs before any interrupt (datasheet 7.7): without it `sei`, `sleep` would miss one.
      if (allows) continue;
      this.#watchMask((data[SREG]! & INTERRUPTS_ON) !== 0);
      const isInterrupted = this.#tick();
      this.#asleep = sleeps && !isInterrupted;
      if (sleeps && isInterrupted) cpu.cycles += WAKE_CYCLES;
    }
  }

  /** To the next event, and on when it is an interrupt. */
  #sleep(endCycle: number): void {
    const { cpu } = this;
    cpu.cycles = Math.max(cpu.cycles, Math.min(endCycle, nextEventCycle(cpu)));
    if (!this.#tick()) return;
    this.#asleep = false;
    cpu.cycles += WAKE_CYCLES;
  }

  /** What is due. @returns whether an interrupt was taken */
  #tick(): boolean {
    const { cpu } = this;
    const { pc, cycles } = cpu;
    // One event at a time, and some may be due at once.
    do cpu.tick();
    while (cpu.pc === pc && nextEventCycle(cpu) <= cpu.cycles);
    if (cpu.pc === pc) return false;
    cpu.cycles += ENTRY_CYCLES;
    this.#maskedAtCycle = cycles;
    return true;
  }

  #watchMask(isAllowed: boolean): void {
    const { cycles } = this.cpu;
    if (!isAllowed) this.#maskedAtCycle ??= cycles;
    else if (this.#maskedAtCycle !== null) {
      if (this.#hasAllowed) this.longestMaskedCycles = Math.max(this.longestMaskedCycles, cycles - this.#maskedAtCycle);
      this.#maskedAtCycle = null;
    }
    this.#hasAllowed ||= isAllowed;
  }

  /** After a watchdog's reset it goes on running, with its shortest time, until the program stops it (datasheet 11.9.1). */
  #keepWatchdogRunning(): void {
    const { WDTCSR } = watchdogConfig;
    this.cpu.writeData(WDTCSR, WATCHDOG_CHANGES | WATCHDOG_RESETS);
    this.cpu.writeData(WDTCSR, WATCHDOG_RESETS);
  }
}

/** Infinity when nothing will happen by itself. */
export function nextEventCycle(cpu: CPU): number {
  return (
    (cpu as unknown as { nextClockEvent: { cycles: number } | null }).nextClockEvent?.cycles ?? Number.POSITIVE_INFINITY
  );
}

function attachAdc(cpu: CPU, volts: Float64Array): void {
  const inputs = new AVRADC(cpu, adcConfig);
  inputs.onADCRead = (input) => {
    let at = 0;
    if (input.type === ADCMuxInputType.SingleEnded) at = volts[input.channel]!;
    else if (input.type === ADCMuxInputType.Temperature) at = volts[8]!;
    else if (input.type === ADCMuxInputType.Constant) at = input.voltage;
    const reference = inputs.referenceVoltageType === ADCReference.Internal1V1 ? 1.1 : 5;
    const counts = Math.min(1023, Math.max(0, Math.floor((at / reference) * 1024)));
    cpu.addClockEvent(() => inputs.completeADCRead(counts), inputs.sampleCycles);
  };
}

/** The whole flash, erased behind the image. @throws Error for an image that is too long */
export function flashFrom(image: Uint8Array): Uint16Array {
  if (image.length > 2 * FLASH_WORDS)
    throw new Error(`The image has ${image.length} bytes; an ATmega328P has ${2 * FLASH_WORDS}.`);
  const flash = new Uint16Array(FLASH_WORDS).fill(0xffff);
  new Uint8Array(flash.buffer).set(image);
  return flash;
}

export const emptyRam = (): Uint8Array => new Uint8Array(RAM_BYTES);
