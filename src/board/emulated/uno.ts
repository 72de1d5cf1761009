import { EEPROMMemoryBackend } from 'avr8js';
import { Chip, CRYSTAL_HZ, emptyRam, flashFrom, nextEventCycle, type Retained, resetFlags } from './atmega328p/chip.js';
import type { EmulatedBoard, EmulatedBoardOptions, ResetBy } from './board.js';
import { SeededRandom } from './random.js';
import { SerialLine, sameRate, sampleCharacter } from './serial-line.js';
import { UnoPins } from './uno-pins.js';

const NS_PER_CYCLE = 1e9 / CRYSTAL_HZ;
const EEPROM_BYTES = 1024;
const CHARACTER_BITS = 10;
/** A0..A7 and the temperature sensor. */
const ADC_CHANNELS = 9;
const TEMPERATURE_CHANNEL = 8;
/** At 25 degrees: datasheet table 24-2. */
const TEMPERATURE_VOLTS = 0.314;

export interface EmulatedUnoOptions extends EmulatedBoardOptions {
  /** What a board that has run before has in its EEPROM, from its start; erased behind it. */
  readonly eeprom?: Uint8Array;
}

/**
 * An Arduino Uno in virtual time: compiled firmware on `avr8js`, with a UART of its own (atmega328p/usart.ts). The
 * watchdog's oscillator is exact, and SPI and TWI are not modelled.
 */
export class EmulatedUno implements EmulatedBoard {
  readonly pins = new UnoPins(() => this.nowNs);
  hostBaud: number | undefined;
  resets = 0;
  /** Characters that a host of another baud rate dropped for their framing. */
  framingErrors = 0;
  readonly #random: SeededRandom;
  readonly #flash: Uint16Array;
  readonly #eeprom = new EEPROMMemoryBackend(EEPROM_BYTES);
  readonly #volts = new Float64Array(ADC_CHANNELS);
  readonly #onByte: (byte: number, virtualNs: number) => void;
  readonly #line: SerialLine;
  /** The end of the character that is coming in: the line goes on through a reset of the chip. */
  #lineEnd: { atCycle: number; readonly callback: () => void } | null = null;
  /** While a character's end is told: when that was, for the next one begins there. */
  #lineEndedAtCycle: number | null = null;
  #chip: Chip;
  #bitByWatchdog = false;

  /** @throws Error for an image that does not fit */
  constructor({ image, seed, onByte, eeprom = new Uint8Array(0) }: EmulatedUnoOptions) {
    this.#random = new SeededRandom(seed);
    this.#flash = flashFrom(image);
    (this.#eeprom as unknown as { memory: Uint8Array }).memory.set(eeprom);
    this.#volts[TEMPERATURE_CHANNEL] = TEMPERATURE_VOLTS;
    this.#onByte = onByte;
    this.#chip = this.#newChip(this.#powerOn(0));
    this.#line = new SerialLine(
      { createAlarm: (callback) => ({ schedule: (ns) => this.#schedule(ns, callback) }) },
      () => (this.#chip.usart.isReceiving ? this.#bitNs : 0),
      (byte, framingError) => this.#chip.usart.characterReceived(byte, framingError),
    );
  }

  readonly adc = {
    /** @throws RangeError for a channel that the chip does not have; channel 8 is its temperature sensor */
    setVolts: (channel: number, volts: number): void => {
      if (!Number.isInteger(channel) || channel < 0 || channel >= ADC_CHANNELS)
        throw new RangeError(`ADC channel ${channel}: an Uno has 0 to ${ADC_CHANNELS - 1}.`);
      this.#volts[channel] = volts;
    },
  };

  get nowNs(): number {
    return this.#chip.cpu.cycles * NS_PER_CYCLE;
  }

  get nextEventNs(): number {
    const { cpu, usart, isAsleep } = this.#chip;
    const { silentAtCycle } = usart;
    if (silentAtCycle !== undefined) return silentAtCycle * NS_PER_CYCLE;
    if (!isAsleep) return this.nowNs;
    return nextEventCycle(cpu) * NS_PER_CYCLE;
  }

  get receiveRoom(): number {
    return this.#line.free;
  }

  /** What went wrong on the line at the board's end, and how long a byte had to wait for the program, µs. */
  get lineCounters(): {
    readonly overruns: number;
    readonly ignored: number;
    readonly dropped: number;
    readonly longestWaitUs: number;
  } {
    const { overruns, ignored, longestWaitCycles } = this.#chip.usart;
    return { overruns, ignored, dropped: this.#line.dropped, longestWaitUs: (longestWaitCycles * NS_PER_CYCLE) / 1e3 };
  }

  /** Longest time since the reset in which no interrupt could be taken, µs. */
  get longestMaskedUs(): number {
    return (this.#chip.longestMaskedCycles * NS_PER_CYCLE) / 1e3;
  }

  runUntil(virtualNs: number): void {
    const endCycle = Math.ceil(virtualNs / NS_PER_CYCLE);
    while (this.#chip.cpu.cycles < endCycle) {
      this.#chip.run(endCycle, () => this.#bitByWatchdog);
      if (this.#bitByWatchdog) this.reset('watchdog');
    }
  }

  receive(bytes: Uint8Array): number {
    return this.#line.send(bytes, this.hostBaud === undefined ? undefined : 1e9 / this.hostBaud);
  }

  reset(by: ResetBy): void {
    const { ram, cpu } = this.#chip;
    const cycle = cpu.cycles;
    this.#bitByWatchdog = false;
    this.resets++;
    this.#chip = this.#newChip(by === 'powerOn' ? this.#powerOn(cycle) : { flags: resetFlags[by], ram, cycle });
    if (this.#lineEnd !== null) this.#addLineEnd();
  }

  get #bitNs(): number {
    return this.#chip.usart.bitCycles * NS_PER_CYCLE;
  }

  #newChip(state: Retained): Chip {
    const chip = new Chip(
      {
        flash: this.#flash,
        eeprom: this.#eeprom,
        volts: this.#volts,
        onCharacter: (byte, endCycle) => this.#sent(byte, endCycle * NS_PER_CYCLE),
        onWatchdog: () => {
          this.#bitByWatchdog = true;
        },
      },
      state,
    );
    this.#chip = chip;
    this.pins.attach(chip);
    return chip;
  }

  /** RAM after a loss of power is anything. */
  #powerOn(cycle: number): Retained {
    const ram = emptyRam().map(() => this.#random.nextU32() & 0xff);
    return { flags: resetFlags.powerOn, ram, cycle };
  }

  /** A character of so many ns begins now. Its start bit counts from its middle on. */
  #schedule(ns: number, callback: () => void): void {
    const { cpu, usart } = this.#chip;
    const cycles = ns / NS_PER_CYCLE;
    const startCycle = this.#lineEndedAtCycle ?? cpu.cycles;
    const middleCycle = startCycle + Math.round(cycles / CHARACTER_BITS / 2);
    cpu.addClockEvent(() => usart.startBitReceived(), middleCycle - cpu.cycles);
    this.#lineEnd = { atCycle: startCycle + Math.max(1, Math.round(cycles)), callback };
    this.#addLineEnd();
  }

  #addLineEnd(): void {
    const { cpu } = this.#chip;
    const end = this.#lineEnd!;
    cpu.addClockEvent(() => {
      this.#lineEnd = null;
      this.#lineEndedAtCycle = end.atCycle;
      end.callback();
      this.#lineEndedAtCycle = null;
    }, end.atCycle - cpu.cycles);
  }

  #sent(byte: number, endNs: number): void {
    if (this.hostBaud === undefined || sameRate(1e9 / this.hostBaud, this.#bitNs)) {
      this.#onByte(byte, endNs);
      return;
    }
    const sampled = sampleCharacter(byte, this.#bitNs, 1e9 / this.hostBaud);
    if (sampled.framingError) this.framingErrors++;
    else this.#onByte(sampled.byte, endNs);
  }
}
