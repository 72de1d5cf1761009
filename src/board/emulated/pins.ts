import { GPIOPinState, type RP2040 } from 'rp2040js';
import type { BoardPins, OnPinChange, PinLevel } from './board.js';

const PINS = 30;
/** GPIO 26 to 29, and the chip's own temperature sensor. */
const ADC_CHANNELS = 5;
const ADC_REFERENCE_VOLTS = 3.3;
const ADC_MAX = 4095;

/** GPIO 0..29 as somebody with a probe sees them. What is wired from outside stays so through a reset of the board. */
export class Pins implements BoardPins {
  private readonly levels: PinLevel[] = Array.from({ length: PINS }, () => ({ level: 0, driven: false, sinceNs: 0 }));
  private readonly outside: (0 | 1 | undefined)[] = new Array(PINS).fill(undefined);
  private readonly listeners = new Map<number, Set<OnPinChange>>();
  private rp2040: RP2040 | undefined;

  read(pin: number): PinLevel {
    return this.levels[checkedPin(pin)]!;
  }

  drive(pin: number, level: 0 | 1 | undefined): void {
    this.outside[checkedPin(pin)] = level;
    this.apply(pin);
    this.update(pin);
  }

  onChange(pin: number, listener: OnPinChange): () => void {
    checkedPin(pin);
    const listeners = this.listeners.get(pin) ?? new Set();
    this.listeners.set(pin, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** The chip was made anew by a reset. */
  attach(rp2040: RP2040): void {
    this.rp2040 = rp2040;
    for (let pin = 0; pin < PINS; pin++) {
      rp2040.gpio[pin]!.addListener(() => this.update(pin));
      this.apply(pin);
      this.update(pin);
    }
  }

  private apply(pin: number): void {
    const level = this.outside[pin];
    if (this.rp2040 !== undefined && level !== undefined) this.rp2040.gpio[pin]!.setInputValue(level === 1);
  }

  private update(pin: number): void {
    if (this.rp2040 === undefined) return;
    const state = this.rp2040.gpio[pin]!.value;
    const driven = state === GPIOPinState.High || state === GPIOPinState.Low;
    const pulled = state === GPIOPinState.InputPullUp ? 1 : 0;
    const level = driven ? (state === GPIOPinState.High ? 1 : 0) : (this.outside[pin] ?? pulled);
    const before = this.levels[pin]!;
    if (before.level === level && before.driven === driven) return;
    const now: PinLevel = { level, driven, sinceNs: this.rp2040.clock.nanos };
    this.levels[pin] = now;
    for (const listener of this.listeners.get(pin) ?? []) listener(now);
  }
}

/** Voltages at ADC inputs 0..3 (GPIO 26..29) and of the temperature sensor, 4: RP2040 datasheet 4.9. They stay through a reset of the board. */
export class AdcInputs {
  private readonly raw = new Uint16Array(ADC_CHANNELS);
  private rp2040: RP2040 | undefined;

  /** @throws RangeError for a channel that the chip does not have; the voltage is clamped to 0..3.3 V */
  setVolts(channel: number, volts: number): void {
    if (!Number.isInteger(channel) || channel < 0 || channel >= ADC_CHANNELS) {
      throw new RangeError(`ADC channel ${channel}: a Pico has 0 to ${ADC_CHANNELS - 1}.`);
    }
    this.raw[channel] = Math.min(ADC_MAX, Math.max(0, Math.floor((volts / ADC_REFERENCE_VOLTS) * (ADC_MAX + 1))));
    this.apply();
  }

  attach(rp2040: RP2040): void {
    this.rp2040 = rp2040;
    this.apply();
  }

  private apply(): void {
    if (this.rp2040 === undefined) return;
    for (let channel = 0; channel < ADC_CHANNELS; channel++)
      this.rp2040.adc.channelValues[channel] = this.raw[channel]!;
  }
}

function checkedPin(pin: number): number {
  if (!Number.isInteger(pin) || pin < 0 || pin >= PINS)
    throw new RangeError(`Pin ${pin}: an RP2040 has GPIO 0 to ${PINS - 1}.`);
  return pin;
}
