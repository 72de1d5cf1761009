import { CPU } from 'avr8js';
import { beforeEach, describe, expect, it } from 'vitest';
import { Usart } from './usart.js';

const UCSRA = 0xc0;
const UCSRB = 0xc1;
const UBRRL = 0xc4;
const UDR = 0xc6;
const RXC = 0x80;
const TXC = 0x40;
const UDRE = 0x20;
const DOR = 0x08;
const U2X = 0x02;
const RXEN = 0x10;
const TXEN = 0x08;
/** Ten bits of 16 cycles: 1 Mbaud. */
const CHARACTER = 160;

let cpu: CPU;
let usart: Usart;
let sent: (readonly [byte: number, cycle: number])[];

beforeEach(() => {
  sent = [];
  cpu = new CPU(new Uint16Array(0x4000), 0x800);
  usart = new Usart(cpu, (byte, cycle) => sent.push([byte, cycle]));
  cpu.writeData(UBRRL, 1);
  cpu.writeData(UCSRA, U2X);
  cpu.writeData(UCSRB, RXEN | TXEN);
});

function runTo(cycle: number): void {
  for (; cpu.cycles < cycle; cpu.cycles++) cpu.tick();
  cpu.tick();
}

function receive(...bytes: number[]): void {
  for (const byte of bytes) {
    usart.startBitReceived();
    usart.characterReceived(byte, false);
  }
}

const flag = (mask: number): boolean => (cpu.readData(UCSRA) & mask) !== 0;

describe('the receiver', () => {
  it('keeps two characters, and a third until the next one begins', () => {
    receive(1, 2, 3);
    expect([cpu.readData(UDR), cpu.readData(UDR), cpu.readData(UDR)]).toEqual([1, 2, 3]);
    expect(usart.overruns).toBe(0);
    expect(flag(RXC)).toBe(false);
  });

  it('loses the third when a fourth begins, says so with the fourth, and counts it', () => {
    receive(1, 2, 3, 4);
    const read = [1, 2, 3].map(() => [flag(DOR), cpu.readData(UDR)]);
    expect(read).toEqual([
      [false, 1],
      [false, 2],
      [true, 4],
    ]);
    expect(usart.overruns).toBe(1);
    expect(flag(DOR)).toBe(false);
  });

  it('has room again when one was read before the next start bit', () => {
    receive(1, 2, 3);
    cpu.readData(UDR);
    receive(4);
    expect([2, 3, 4].map(() => cpu.readData(UDR))).toEqual([2, 3, 4]);
    expect(usart.overruns).toBe(0);
  });

  it('forgets what it holds when it is switched off, and counts what comes then', () => {
    receive(1);
    cpu.writeData(UCSRB, TXEN);
    receive(2);
    cpu.writeData(UCSRB, RXEN | TXEN);
    expect(flag(RXC)).toBe(false);
    expect(usart.ignored).toBe(1);
  });

  it('goes on holding a character when interrupts are enabled or disabled', () => {
    receive(1);
    cpu.writeData(UCSRB, RXEN | TXEN | 0x80);
    expect(cpu.nextInterrupt).toBe(0x24);
    cpu.writeData(UCSRB, RXEN | TXEN);
    expect(cpu.nextInterrupt).toBe(-1);
    expect(cpu.readData(UDR)).toBe(1);
  });

  it('knows how long a character waited', () => {
    receive(1);
    runTo(100);
    cpu.readData(UDR);
    expect(usart.longestWaitCycles).toBe(100);
  });
});

describe('the transmitter', () => {
  it('takes its time over each character, one behind the other', () => {
    cpu.writeData(UDR, 7);
    cpu.writeData(UDR, 8);
    runTo(3 * CHARACTER);
    expect(sent).toEqual([
      [7, CHARACTER],
      [8, 2 * CHARACTER],
    ]);
  });

  it('holds one character beside the one that leaves, and tells when there is room, and when all has gone', () => {
    cpu.writeData(UDR, 7);
    expect(flag(UDRE)).toBe(true);
    cpu.writeData(UDR, 8);
    expect(flag(UDRE)).toBe(false);
    expect(usart.silentAtCycle).toBe(2 * CHARACTER);
    runTo(CHARACTER);
    expect(flag(UDRE)).toBe(true);
    expect(flag(TXC)).toBe(false);
    runTo(2 * CHARACTER);
    expect(flag(TXC)).toBe(true);
    expect(usart.silentAtCycle).toBeUndefined();
  });

  it('clears "transmit complete" by a one', () => {
    cpu.writeData(UDR, 7);
    runTo(CHARACTER);
    cpu.writeData(UCSRA, U2X | TXC);
    expect(flag(TXC)).toBe(false);
    expect(flag(UDRE)).toBe(true);
  });

  it('asks for its interrupt as long as there is room', () => {
    cpu.writeData(UCSRB, RXEN | TXEN | 0x20);
    expect(cpu.nextInterrupt).toBe(0x26);
    cpu.writeData(UDR, 7);
    expect(cpu.nextInterrupt).toBe(0x26);
    cpu.writeData(UDR, 8);
    expect(cpu.nextInterrupt).toBe(-1);
    runTo(CHARACTER);
    expect(cpu.nextInterrupt).toBe(0x26);
  });

  it('sends nothing when it is off', () => {
    cpu.writeData(UCSRB, RXEN);
    cpu.writeData(UDR, 7);
    runTo(2 * CHARACTER);
    expect(sent).toEqual([]);
  });
});
