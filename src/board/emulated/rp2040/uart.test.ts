import { RP2040 } from 'rp2040js';
import { beforeEach, describe, expect, it } from 'vitest';
import { ClockDomain, VirtualClock } from './clock.js';
import { amendCore } from './cortex-m0.js';
import { Uart } from './uart.js';

const DR = 0x00;
const FR = 0x18;
const IBRD = 0x24;
const FBRD = 0x28;
const LCR_H = 0x2c;
const CR = 0x30;
const IMSC = 0x38;
const RIS = 0x3c;
const ICR = 0x44;
const EIGHT_BITS_FIFO = (3 << 5) | (1 << 4);
const TX = 1 << 5;
const RX = 1 << 4;
const RT = 1 << 6;
const OE = 1 << 10;
const IRQ = 20;
/** 125 MHz / (16 * 8.5): bits of 1088 ns. */
const BIT_NS = 1088;
const CHARACTER_NS = 10 * BIT_NS;

let clock: VirtualClock;
let uart: Uart;
let sent: { byte: number; endNs: number }[];
let rp2040: RP2040;
const interrupt = () => (rp2040.core.pendingInterrupts & (1 << IRQ)) !== 0;
const write = (count: number) => {
  for (let i = 0; i < count; i++) uart.writeUint32(DR, i);
};

beforeEach(() => {
  clock = new VirtualClock();
  sent = [];
  const domain = new ClockDomain(clock);
  rp2040 = new RP2040(domain);
  amendCore(rp2040.core);
  uart = new Uart(rp2040, domain, 'UART0', IRQ, (byte, _bitNs, endNs) => sent.push({ byte, endNs }));
  uart.writeUint32(IBRD, 8);
  uart.writeUint32(FBRD, 32);
  uart.writeUint32(LCR_H, EIGHT_BITS_FIFO);
  uart.writeUint32(CR, 0x301);
});

describe('UART transmitter', () => {
  it('takes ten bit times for each character, back to back', () => {
    write(3);
    clock.advanceTo(1e6);
    expect(sent).toEqual([
      { byte: 0, endNs: CHARACTER_NS },
      { byte: 1, endNs: 2 * CHARACTER_NS },
      { byte: 2, endNs: 3 * CHARACTER_NS },
    ]);
  });

  it('holds 32 characters beside the one on the wire and loses the next, counted', () => {
    write(33);
    expect(uart.readUint32(FR) & (1 << 5)).not.toBe(0);
    expect(uart.transmitLost).toBe(0);
    write(1);
    expect(uart.transmitLost).toBe(1);
  });

  it('raises the transmit interrupt when the FIFO falls through its level, and never when it was not above it', () => {
    uart.writeUint32(IMSC, TX);
    write(10); // below the level of 16: no crossing
    clock.advanceTo(20 * CHARACTER_NS);
    expect(interrupt()).toBe(false);
    write(18); // one on the wire, 17 in the FIFO
    expect(interrupt()).toBe(false);
    clock.advanceTo(21 * CHARACTER_NS);
    expect(interrupt()).toBe(true);
  });

  it('clears the transmit interrupt by filling above the level, or by ICR', () => {
    write(18);
    clock.advanceTo(CHARACTER_NS);
    expect(uart.readUint32(RIS) & TX).toBe(TX);
    write(1);
    expect(uart.readUint32(RIS) & TX).toBe(0);
    clock.advanceTo(2 * CHARACTER_NS);
    uart.writeUint32Atomic(ICR, TX, 0);
    expect(uart.readUint32(RIS) & TX).toBe(0);
  });

  it('uses a new divisor only after LCR_H has been written', () => {
    uart.writeUint32(IBRD, 100);
    expect(uart.bitNs).toBe(BIT_NS);
    uart.writeUint32(LCR_H, EIGHT_BITS_FIFO);
    expect(uart.bitNs).toBeGreaterThan(10 * BIT_NS);
  });

  it('tells when the wire will be silent', () => {
    expect(uart.silentAtNs).toBeUndefined();
    write(5);
    expect(uart.silentAtNs).toBe(5 * CHARACTER_NS);
  });
});

describe('UART receiver', () => {
  const receive = (count: number) => {
    for (let i = 0; i < count; i++) uart.characterReceived(i, false);
  };

  it('raises its interrupt at the level', () => {
    uart.writeUint32(IMSC, RX);
    receive(15);
    expect(interrupt()).toBe(false);
    receive(1);
    expect(interrupt()).toBe(true);
    uart.readUint32(DR);
    expect(interrupt()).toBe(false);
  });

  it('raises the time-out interrupt 32 bit times after the last character of a short message', () => {
    uart.writeUint32(IMSC, RX | RT);
    receive(3);
    clock.advanceTo(32 * BIT_NS - 1);
    expect(interrupt()).toBe(false);
    clock.advanceTo(32 * BIT_NS);
    expect(interrupt()).toBe(true);
    for (let i = 0; i < 3; i++) expect(uart.readUint32(DR)).toBe(i);
    expect(interrupt()).toBe(false);
  });

  it('loses what comes after 32 characters, and marks the next one it takes', () => {
    receive(34);
    expect(uart.overruns).toBe(2);
    expect(uart.readUint32(RIS) & OE).toBe(OE);
    uart.readUint32(DR);
    uart.characterReceived(0x55, false);
    for (let i = 1; i < 32; i++) uart.readUint32(DR);
    expect(uart.readUint32(DR)).toBe(0x55 | (1 << 11));
  });

  it('ignores the line while it is off, and marks framing errors', () => {
    uart.characterReceived(1, true);
    expect(uart.readUint32(DR)).toBe(1 | (1 << 8));
    uart.writeUint32(CR, 0);
    uart.characterReceived(2, false);
    expect(uart.ignored).toBe(1);
  });
});
