/**
 * USART 0 of the ATmega328P (datasheet 20), in its own time: double-buffered transmitter, a receiver that holds two characters
 * and a third in its shift register. In place of `avr8js`'s own, whose transmitter has one buffer and whose receiver has none.
 * 8N1, which is what a bridge speaks.
 */
import type { CPU } from 'avr8js';

const UCSRA = 0xc0;
const UCSRB = 0xc1;
const UBRRL = 0xc4;
const UBRRH = 0xc5;
const UDR = 0xc6;
const bitsA = { rxc: 0x80, txc: 0x40, udre: 0x20, fe: 0x10, dor: 0x08, u2x: 0x02, mpcm: 0x01 } as const;
const bitsB = { rxcie: 0x80, txcie: 0x40, udrie: 0x20, rxen: 0x10, txen: 0x08 } as const;
const CHARACTER_BITS = 10;
/** Behind these one more waits in the shift register, until the next one's start bit. */
const BUFFERED_MAX = 2;

interface Received {
  readonly byte: number;
  readonly framingError: boolean;
  /** A character before it was lost. */
  readonly overrun: boolean;
  readonly atCycle: number;
}

/** Levels, not events: they stay pending for as long as the condition does. */
const interrupt = (address: number, flagMask: number, enableMask: number, constant: boolean) => ({
  address,
  flagRegister: UCSRA,
  flagMask,
  enableRegister: UCSRB,
  enableMask,
  constant,
});

export class Usart {
  /** Characters that were lost because nobody read those before them. */
  overruns = 0;
  /** Characters that came while the receiver was off. */
  ignored = 0;
  /** Longest time that a character waited to be read, cycles. */
  longestWaitCycles = 0;
  readonly #cpu: CPU;
  readonly #onCharacter: (byte: number, endCycle: number) => void;
  readonly #rxc = interrupt(0x24, bitsA.rxc, bitsB.rxcie, true);
  readonly #udre = interrupt(0x26, bitsA.udre, bitsB.udrie, true);
  readonly #txc = interrupt(0x28, bitsA.txc, bitsB.txcie, false);
  readonly #received: Received[] = [];
  /** A character was lost since the last one that was kept. */
  #hasLost = false;
  #shifting: number | null = null;
  #waiting: number | null = null;
  #silentAtCycle = 0;

  /** @param onCharacter sees each character at the cycle at which its stop bit ends */
  constructor(cpu: CPU, onCharacter: (byte: number, endCycle: number) => void) {
    this.#cpu = cpu;
    this.#onCharacter = onCharacter;
    cpu.data[UCSRA] = bitsA.udre;
    cpu.writeHooks[UCSRA] = (value) => this.#writeA(value);
    cpu.writeHooks[UCSRB] = (value) => this.#writeB(value);
    cpu.writeHooks[UDR] = (value) => this.#transmit(value);
    cpu.readHooks[UDR] = () => this.#read();
  }

  /** Cycles a bit; the same for both directions. */
  get bitCycles(): number {
    const { data } = this.#cpu;
    return (((data[UBRRH]! << 8) | data[UBRRL]!) + 1) * (data[UCSRA]! & bitsA.u2x ? 8 : 16);
  }

  /** Whether the receiver listens: before that its rate is not set either. */
  get isReceiving(): boolean {
    return (this.#cpu.data[UCSRB]! & bitsB.rxen) !== 0;
  }

  /** When what has been given to the transmitter so far has been sent; undefined when it has. */
  get silentAtCycle(): number | undefined {
    return this.#shifting === null ? undefined : this.#silentAtCycle;
  }

  /** The next character takes the shift register: one that still waits there is lost (datasheet 20.8.4). */
  startBitReceived(): void {
    if (this.#received.length <= BUFFERED_MAX) return;
    this.#received.pop();
    this.#hasLost = true;
    this.overruns++;
  }

  /** The last bit of a character has come. */
  characterReceived(byte: number, framingError: boolean): void {
    if (!this.isReceiving) {
      this.ignored++;
      return;
    }
    this.#received.push({ byte, framingError, overrun: this.#hasLost, atCycle: this.#cpu.cycles });
    this.#hasLost = false;
    this.#showReceived();
  }

  #writeA(value: number): true {
    const cpu = this.#cpu;
    const kept = cpu.data[UCSRA]! & ~(bitsA.u2x | bitsA.mpcm);
    cpu.data[UCSRA] = kept | (value & (bitsA.u2x | bitsA.mpcm));
    if (value & bitsA.txc) cpu.clearInterrupt(this.#txc);
    return true;
  }

  #writeB(value: number): true {
    const cpu = this.#cpu;
    cpu.data[UCSRB] = value;
    if (!(value & bitsB.rxen)) {
      this.#received.length = 0;
      this.#hasLost = false;
    }
    this.#showReceived();
    for (const each of [this.#rxc, this.#udre, this.#txc]) cpu.updateInterruptEnable(each, value);
    return true;
  }

  #transmit(byte: number): true {
    const cpu = this.#cpu;
    if (!(cpu.data[UCSRB]! & bitsB.txen)) return true;
    if (this.#shifting === null) {
      this.#shift(byte, cpu.cycles);
      return true;
    }
    if (this.#waiting === null) this.#silentAtCycle += CHARACTER_BITS * this.bitCycles;
    this.#waiting = byte;
    cpu.clearInterrupt(this.#udre);
    return true;
  }

  /** The start bit begins at this cycle, which is over when an instruction kept the core from seeing the one before end. */
  #shift(byte: number, atCycle: number): void {
    const endCycle = atCycle + CHARACTER_BITS * this.bitCycles;
    this.#shifting = byte;
    this.#silentAtCycle = endCycle;
    this.#cpu.addClockEvent(() => this.#sent(endCycle), endCycle - this.#cpu.cycles);
  }

  #sent(endCycle: number): void {
    const cpu = this.#cpu;
    this.#onCharacter(this.#shifting!, endCycle);
    this.#shifting = null;
    if (this.#waiting === null) {
      cpu.setInterruptFlag(this.#txc);
      return;
    }
    const next = this.#waiting;
    this.#waiting = null;
    this.#shift(next, endCycle);
    cpu.setInterruptFlag(this.#udre);
  }

  #read(): number {
    const first = this.#received.shift();
    if (first === undefined) return 0;
    this.longestWaitCycles = Math.max(this.longestWaitCycles, this.#cpu.cycles - first.atCycle);
    this.#showReceived();
    return first.byte;
  }

  /** The flags belong to the character that is read next. */
  #showReceived(): void {
    const cpu = this.#cpu;
    const [first] = this.#received;
    cpu.data[UCSRA]! &= ~(bitsA.fe | bitsA.dor);
    if (first === undefined) {
      cpu.clearInterrupt(this.#rxc);
      return;
    }
    cpu.data[UCSRA]! |= (first.framingError ? bitsA.fe : 0) | (first.overrun ? bitsA.dor : 0);
    cpu.setInterruptFlag(this.#rxc);
  }
}
