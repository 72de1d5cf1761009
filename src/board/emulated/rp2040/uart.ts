import { BasePeripheral, type RP2040 } from 'rp2040js';
import type { ClockDomain, VirtualAlarm } from './clock.js';
import { UartFifo } from './uart-fifo.js';

/** Register offsets, RP2040 datasheet 4.2.8. */
const DR = 0x00;
const RSR = 0x04;
const FR = 0x18;
const ILPR = 0x20;
const IBRD = 0x24;
const FBRD = 0x28;
const LCR_H = 0x2c;
const CR = 0x30;
const IFLS = 0x34;
const IMSC = 0x38;
const RIS = 0x3c;
const MIS = 0x40;
const ICR = 0x44;
const DMACR = 0x48;
const PERIPHID0 = 0xfe0;

const DR_FRAMING_ERROR = 1 << 8;
const DR_OVERRUN = 1 << 11;
const FR_TXFE = 1 << 7;
const FR_RXFF = 1 << 6;
const FR_TXFF = 1 << 5;
const FR_RXFE = 1 << 4;
const FR_BUSY = 1 << 3;
const LCR_FEN = 1 << 4;
const CR_UARTEN = 1 << 0;
const CR_TXE = 1 << 8;
const CR_RXE = 1 << 9;

/** Interrupts, bits of IMSC, RIS, MIS and ICR. */
const INT_RX = 1 << 4;
const INT_TX = 1 << 5;
const INT_RT = 1 << 6;
const INT_FE = 1 << 7;
const INT_OE = 1 << 10;
const INT_ALL = 0x7ff;

/** IFLS: fill levels of the 32-entry FIFOs by selector; the reserved ones behave as the last. */
const levels = [4, 8, 16, 24, 28, 28, 28, 28] as const;
const RECEIVE_TIMEOUT_BITS = 32; // 4.2.6.3
const identification = [0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1] as const;

/** Sees each character as it ends on the wire: the byte, the length of a bit, and the instant. */
export type OnCharacter = (byte: number, bitNs: number, endNs: number) => void;

/**
 * UART (PL011), RP2040 datasheet 4.2, with the properties that decide about timing: a character takes its time on the wire,
 * the FIFOs hold 32, the transmit interrupt is a level *crossing* (4.2.6.2: fill the FIFO first, then unmask), and short
 * messages arrive by the receive time-out (4.2.6.3). A new divisor counts from the write of LCR_H (4.2.7.1).
 * DMA, IrDA, modem lines, break and loop-back are not modelled.
 */
export class Uart extends BasePeripheral {
  /** Characters that found the receive FIFO full. */
  overruns = 0;
  /** Characters that the firmware wrote into a full transmit FIFO. */
  transmitLost = 0;
  /** Characters that came while the receiver was off. */
  ignored = 0;
  private control = CR_TXE | CR_RXE;
  private lineControl = 0;
  private integerDivisor = 0;
  private fractionalDivisor = 0;
  private divisor64 = 0; // in force, in 1/64
  private levelSelect = 0x12;
  private mask = 0;
  private raw = 0;
  private overrunPending = false;
  private shifting = -1;
  private readonly transmit = new UartFifo();
  private readonly receive = new UartFifo();
  private readonly transmitAlarm: VirtualAlarm;
  private readonly timeoutAlarm: VirtualAlarm;

  constructor(
    rp2040: RP2040,
    clock: ClockDomain,
    name: string,
    private readonly irq: number,
    private readonly onCharacter: OnCharacter,
  ) {
    super(rp2040, name);
    this.transmitAlarm = clock.createAlarm(() => this.characterSent());
    this.timeoutAlarm = clock.createAlarm(() => this.receiveTimedOut());
  }

  /** Length of a bit in ns; 0 before the firmware has set a divisor. */
  get bitNs(): number {
    return (1e9 * this.divisor64) / (4 * this.rp2040.clkPeri);
  }

  /** When the wire falls silent if the firmware adds nothing; undefined while it is. */
  get silentAtNs(): number | undefined {
    if (this.shifting < 0) return undefined;
    return this.transmitAlarm.atNs + this.transmit.length * this.characterBits * this.bitNs;
  }

  /** A character whose stop bit has just ended at the receive pin. */
  characterReceived(byte: number, framingError: boolean): void {
    if ((this.control & (CR_UARTEN | CR_RXE)) !== (CR_UARTEN | CR_RXE)) {
      this.ignored++;
      return;
    }
    if (this.receive.full) {
      this.overruns++;
      this.overrunPending = true;
      this.raw |= INT_OE;
    } else {
      this.receive.push(byte | (framingError ? DR_FRAMING_ERROR : 0) | (this.overrunPending ? DR_OVERRUN : 0));
      this.overrunPending = false;
    }
    if (framingError) this.raw |= INT_FE;
    if (this.receive.length >= this.receiveLevel) this.raw |= INT_RX;
    this.restartTimeout();
    this.updateInterrupt();
  }

  override readUint32(offset: number): number {
    switch (offset) {
      case DR:
        return this.readData();
      case RSR:
        return 0;
      case FR:
        return this.flags;
      case ILPR:
      case DMACR:
        return 0;
      case IBRD:
        return this.integerDivisor;
      case FBRD:
        return this.fractionalDivisor;
      case LCR_H:
        return this.lineControl;
      case CR:
        return this.control;
      case IFLS:
        return this.levelSelect;
      case IMSC:
        return this.mask;
      case RIS:
        return this.raw;
      case MIS:
        return this.raw & this.mask;
    }
    if (offset >= PERIPHID0) return identification[(offset - PERIPHID0) >> 2] ?? 0;
    return super.readUint32(offset);
  }

  override writeUint32(offset: number, value: number): void {
    switch (offset) {
      case DR:
        this.writeData(value & 0xff);
        return;
      case RSR:
        return; // clears the errors that DR already carries
      case IBRD:
        this.integerDivisor = value & 0xffff;
        return;
      case FBRD:
        this.fractionalDivisor = value & 0x3f;
        return;
      case LCR_H:
        this.setLineControl(value & 0xff);
        return;
      case CR:
        this.control = value & 0xffff;
        this.sendNext();
        return;
      case IFLS:
        this.levelSelect = value & 0x3f;
        return;
      case IMSC:
        this.mask = value & INT_ALL;
        break;
      case ICR: // write 1 to clear
        this.raw &= ~this.rawWriteValue;
        break;
      case DMACR:
        if (value !== 0) super.writeUint32(offset, value);
        return;
      default:
        super.writeUint32(offset, value);
        return;
    }
    this.updateInterrupt();
  }

  private get flags(): number {
    const { transmit, receive } = this;
    return (
      (transmit.length === 0 ? FR_TXFE : 0) |
      (transmit.full ? FR_TXFF : 0) |
      (receive.full ? FR_RXFF : 0) |
      (receive.length === 0 ? FR_RXFE : 0) |
      (this.shifting >= 0 || transmit.length > 0 ? FR_BUSY : 0)
    );
  }

  /** Start, data, parity and stop bits of a character. */
  private get characterBits(): number {
    const lcr = this.lineControl;
    return 1 + 5 + ((lcr >> 5) & 3) + (lcr & 0x02 ? 1 : 0) + (lcr & 0x08 ? 2 : 1);
  }

  private get transmitLevel(): number {
    return this.lineControl & LCR_FEN ? levels[this.levelSelect & 7]! : 0;
  }

  private get receiveLevel(): number {
    return this.lineControl & LCR_FEN ? levels[(this.levelSelect >> 3) & 7]! : 1;
  }

  private setLineControl(value: number): void {
    if ((value ^ this.lineControl) & LCR_FEN) {
      this.transmit.clear();
      this.receive.clear();
    }
    this.lineControl = value;
    this.transmit.depth = this.receive.depth = value & LCR_FEN ? 32 : 1;
    this.divisor64 = this.integerDivisor * 64 + this.fractionalDivisor;
    this.sendNext();
  }

  private readData(): number {
    const { receive } = this;
    const entry = receive.shift();
    if (receive.length < this.receiveLevel) this.raw &= ~INT_RX;
    if (receive.length === 0) this.raw &= ~INT_RT;
    this.restartTimeout();
    this.updateInterrupt();
    return entry;
  }

  private writeData(byte: number): void {
    if (this.transmit.full) {
      this.transmitLost++;
      return;
    }
    this.transmit.push(byte);
    this.sendNext();
    if (this.transmit.length > this.transmitLevel) this.raw &= ~INT_TX;
    this.updateInterrupt();
  }

  private sendNext(): void {
    if (this.shifting >= 0 || this.transmit.length === 0 || this.divisor64 === 0) return;
    if ((this.control & (CR_UARTEN | CR_TXE)) !== (CR_UARTEN | CR_TXE)) return;
    const before = this.transmit.length;
    this.shifting = this.transmit.shift();
    if (before > this.transmitLevel && this.transmit.length <= this.transmitLevel) this.raw |= INT_TX;
    this.transmitAlarm.schedule(this.characterBits * this.bitNs);
  }

  private characterSent(): void {
    const byte = this.shifting;
    const endNs = this.transmitAlarm.atNs;
    const bitNs = this.bitNs;
    this.shifting = -1;
    this.sendNext();
    this.updateInterrupt();
    this.onCharacter(byte, bitNs, endNs);
  }

  private restartTimeout(): void {
    if (this.receive.length === 0 || (this.lineControl & LCR_FEN) === 0) this.timeoutAlarm.cancel();
    else this.timeoutAlarm.schedule(RECEIVE_TIMEOUT_BITS * this.bitNs);
  }

  private receiveTimedOut(): void {
    if (this.receive.length === 0) return;
    this.raw |= INT_RT;
    this.updateInterrupt();
  }

  private updateInterrupt(): void {
    this.rp2040.setInterrupt(this.irq, (this.raw & this.mask) !== 0);
  }
}
