import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodeBinary } from '../../codec/encode.js';
import { EmulatedPico } from './pico.js';
import { crasher, romUser, sleeper, smallBootRom } from './test-programs.js';

const board = (image = sleeper) => new EmulatedPico({ image, seed: 1, onByte: () => {} });

describe('EmulatedPico', () => {
  it('takes PendSV at once, wakes for SysTick, and wakes without taking it while interrupts are masked', () => {
    const pico = board();
    const edges: string[] = [];
    for (const pin of [2, 3, 4])
      pico.pins.onChange(pin, ({ level, sinceNs }) => edges.push(`${pin}=${level} @${Math.round(sinceNs / 1e5)}`));
    pico.runUntil(450e3);
    const driven = ['2=0 @0', '3=0 @0', '4=0 @0'];
    expect(edges).toEqual([...driven, '2=1 @0', '3=1 @1', '4=1 @2', '3=0 @2', '3=1 @3', '3=0 @4']);
  });

  it('stops at the instant asked for while the core sleeps, however time is sliced', () => {
    const whole = board();
    const sliced = board();
    whole.runUntil(1e6);
    for (let ns = 777; sliced.nowNs < 1e6; ns += 777) sliced.runUntil(Math.min(ns, 1e6));
    expect(whole.nowNs).toBe(1e6);
    expect(sliced.pins.read(3)).toEqual(whole.pins.read(3));
  });

  it('starts anew at a reset: pins are inputs again, time goes on', () => {
    const pico = board();
    pico.runUntil(500e3);
    expect(pico.pins.read(2)).toMatchObject({ level: 1, driven: true });
    pico.reset('pin');
    expect(pico.pins.read(2)).toEqual({ level: 0, driven: false, sinceNs: 500e3 });
    pico.runUntil(1e6);
    expect(pico.pins.read(2)).toMatchObject({ level: 1, driven: true });
    expect(pico.resets).toBe(1);
  });

  it('locks up on a fault in the fault handler, and time still passes', () => {
    const pico = board(crasher);
    pico.runUntil(3600e9); // an hour: it would take minutes if it still ran
    expect(pico.nowNs).toBe(3600e9);
  });

  it('keeps what drives a pin from outside through a reset', () => {
    const pico = board();
    pico.pins.drive(10, 1);
    expect(pico.pins.read(10)).toMatchObject({ level: 1, driven: false });
    pico.reset('powerOn');
    expect(pico.pins.read(10).level).toBe(1);
  });

  it('names pins and channels that do not exist', () => {
    expect(() => board().pins.read(30)).toThrow('Pin 30');
    expect(() => board().adc.setVolts(5, 1)).toThrow('ADC channel 5');
  });
});

describe('the shipped firmware', () => {
  const image = readFileSync('firmware/images/pico.bin');

  it('tells its boot whole and first, whatever a host says while it starts', () => {
    const heartbeat = encodeBinary({ name: 'heartbeat', session: 0x1234, counter: 7, armedEcho: 0, echoUs: 5 });
    for (let atUs = 600; atUs < 1000; atUs += 10) {
      const sent: number[] = [];
      const pico = new EmulatedPico({ image, seed: 1, onByte: (byte) => sent.push(byte) });
      pico.runUntil(atUs * 1e3);
      pico.receive(heartbeat);
      pico.runUntil(4e6);
      expect(Buffer.from(sent).toString('latin1'), `at ${atUs} us`).toMatch(
        /^\$EVENT,0000,01,01,\w{8},\w{8},motor [\d.]+\*\w{8}\r?\n\$D,/,
      );
    }
  });
});

describe('an image that uses the boot ROM', () => {
  const pico = (bootRom?: Uint8Array) => new EmulatedPico({ image: romUser, bootRom, seed: 1, onByte: () => {} });

  it('runs its functions where the user gives the ROM, also after a reset', () => {
    const board = pico(smallBootRom);
    for (let boot = 0; boot < 2; boot++) {
      board.runUntil(board.nowNs + 1e6);
      expect([board.pins.read(2).level, board.pins.read(3).level]).toEqual([1, 1]);
      board.reset('powerOn');
      expect(board.pins.read(2).driven).toBe(false);
    }
  });

  it('is stopped at its first look without one, with the reason and the remedy, and at every later turn', () => {
    const board = pico();
    const reason = /reads 0x00000014 at PC 0x100001\S+\. .*--bootrom FILE \(in tests HIL_BOOTROM=FILE\)/;
    expect(() => board.runUntil(1e6)).toThrow(reason);
    expect(() => board.runUntil(2e6)).toThrow(reason);
    expect(board.pins.read(2).driven).toBe(false);
    expect(board.nowNs).toBeLessThan(1e6);
  });

  it('gets no ROM of another size', () => {
    expect(() => pico(new Uint8Array(4096))).toThrow('has 4096 bytes; that of an RP2040 has 16384');
  });
});
