import { type AVRIOPort, PinState } from 'avr8js';
import type { Chip } from './atmega328p/chip.js';
import type { BoardPins, OnPinChange, PinLevel } from './board.js';

/** Arduino's numbers: 0..7 are port D, 8..13 port B, 14..19 (A0..A5) port C. */
const PINS = 20;
const PORT_B_FROM = 8;
const PORT_C_FROM = 14;

/** Pins 0..19 as somebody with a probe sees them. What is wired from outside stays so through a reset of the board. */
export class UnoPins implements BoardPins {
  readonly #levels: PinLevel[] = Array.from({ length: PINS }, () => ({ level: 0, driven: false, sinceNs: 0 }));
  readonly #outside: (0 | 1 | undefined)[] = new Array(PINS).fill(undefined);
  readonly #listeners = new Map<number, Set<OnPinChange>>();
  #ports: Chip['ports'] | undefined;

  constructor(private readonly nowNs: () => number) {}

  read(pin: number): PinLevel {
    return this.#levels[checkedPin(pin)]!;
  }

  drive(pin: number, level: 0 | 1 | undefined): void {
    this.#outside[checkedPin(pin)] = level;
    this.#apply(pin);
    this.#update(pin);
  }

  onChange(pin: number, listener: OnPinChange): () => void {
    checkedPin(pin);
    const listeners = this.#listeners.get(pin) ?? new Set();
    this.#listeners.set(pin, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** The chip was made anew by a reset. */
  attach({ ports }: Chip): void {
    this.#ports = ports;
    for (const port of Object.values(ports)) {
      const pins = Array.from({ length: PINS }, (_, pin) => pin).filter((pin) => this.#placeOf(pin).port === port);
      port.addListener(() => {
        for (const pin of pins) this.#update(pin);
      });
    }
    for (let pin = 0; pin < PINS; pin++) {
      this.#apply(pin);
      this.#update(pin);
    }
  }

  #placeOf(pin: number): { readonly port: AVRIOPort; readonly bit: number } {
    const { b, c, d } = this.#ports!;
    if (pin < PORT_B_FROM) return { port: d, bit: pin };
    return pin < PORT_C_FROM ? { port: b, bit: pin - PORT_B_FROM } : { port: c, bit: pin - PORT_C_FROM };
  }

  #apply(pin: number): void {
    const level = this.#outside[pin];
    if (this.#ports === undefined || level === undefined) return;
    const { port, bit } = this.#placeOf(pin);
    port.setPin(bit, level === 1);
  }

  #update(pin: number): void {
    if (this.#ports === undefined) return;
    const { port, bit } = this.#placeOf(pin);
    const state = port.pinState(bit);
    const driven = state === PinState.High || state === PinState.Low;
    const pulled = state === PinState.InputPullUp ? 1 : 0;
    const level = driven ? (state === PinState.High ? 1 : 0) : (this.#outside[pin] ?? pulled);
    const before = this.#levels[pin]!;
    if (before.level === level && before.driven === driven) return;
    const now: PinLevel = { level, driven, sinceNs: this.nowNs() };
    this.#levels[pin] = now;
    for (const listener of this.#listeners.get(pin) ?? []) listener(now);
  }
}

function checkedPin(pin: number): number {
  if (!Number.isInteger(pin) || pin < 0 || pin >= PINS)
    throw new RangeError(`Pin ${pin}: an Uno has 0 to ${PINS - 1}, of which 14 to 19 are A0 to A5.`);
  return pin;
}
