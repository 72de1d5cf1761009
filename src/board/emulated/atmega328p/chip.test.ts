import { EEPROMMemoryBackend } from 'avr8js';
import { describe, expect, it } from 'vitest';
import { Chip, emptyRam, flashFrom, resetFlags } from './chip.js';

const RESET = 0x00;
const TIMER1_OVERFLOW = 0x1a;
const DONE = 0x100;

const nop = 0x0000;
const sei = 0x9478;
const cli = 0x94f8;
const sleep = 0x9588;
const reti = 0x9518;
const rjmpSelf = 0xcfff;
const jmp = (word: number): number[] => [0x940c, word];
const ldi16 = (value: number): number => 0xe000 | ((value & 0xf0) << 4) | (value & 0xf);
const sts16 = (address: number): number[] => [0x9300, address];
const lds17 = (address: number): number[] => [0x9110, address];
const set = (address: number, value: number): number[] => [ldi16(value), ...sts16(address)];
const inc = (register: number): number => 0x9403 | (register << 4);

const SMCR = 0x53;
const TCCR1B = 0x81;
const TIMSK1 = 0x6f;
const TCNT1L = 0x84;
const TCNT1H = 0x85;

/** Words by the address at which they begin. */
function chip(program: Readonly<Record<number, readonly number[]>>, flags: number = resetFlags.powerOn) {
  const words = new Uint16Array(0x4000).fill(rjmpSelf);
  for (const [at, code] of Object.entries(program)) words.set(code, Number(at));
  const bitten: number[] = [];
  const made: Chip = new Chip(
    {
      flash: flashFrom(new Uint8Array(words.buffer)),
      eeprom: new EEPROMMemoryBackend(1024),
      volts: new Float64Array(9),
      onCharacter: () => {},
      onWatchdog: () => bitten.push(made.cpu.cycles),
    },
    { flags, ram: emptyRam(), cycle: 0 },
  );
  return { chip: made, bitten, run: (cycles: number) => made.run(cycles, () => bitten.length > 0) };
}

/** Timer 1 without prescaler, so many cycles before it overflows. */
const overflowIn = (cycles: number): number[] => [
  ...set(TIMSK1, 1),
  ...set(TCNT1H, (0x10000 - cycles) >> 8),
  ...set(TCNT1L, (0x10000 - cycles) & 0xff),
  ...set(TCCR1B, 1),
];

describe('Chip', () => {
  it('takes an interrupt that came just before `sei`, `sleep` behind the sleep, not in front of it', () => {
    const { chip: one, run } = chip({
      [RESET]: jmp(0x80),
      [TIMER1_OVERFLOW]: [inc(20), reti],
      128: [...set(SMCR, 1), ...overflowIn(8), cli, ...new Array(20).fill(nop), sei, sleep, inc(21), cli, ...jmp(DONE)],
    });
    run(1000);
    // In front of it the chip would sleep until the next round of the timer.
    expect([one.cpu.data[20], one.cpu.data[21]]).toEqual([1, 1]);
    expect(one.isAsleep).toBe(false);
  });

  it('sleeps until the cycle of the next interrupt, and takes eight cycles into it', () => {
    const { chip: one, run } = chip({
      [RESET]: jmp(0x80),
      [TIMER1_OVERFLOW]: [...lds17(TCNT1L), ...jmp(DONE)],
      128: [...set(SMCR, 1), ...overflowIn(5000), sei, sleep],
    });
    run(4000);
    expect(one.isAsleep).toBe(true);
    run(6000);
    // 4 to enter it, 4 to wake up; the register is read in the second cycle of the first instruction.
    expect(one.cpu.data[17]).toBe(9);
  });

  it('ends a slice while it sleeps at exactly the cycle asked for', () => {
    const { chip: one, run } = chip({ [RESET]: [...set(SMCR, 1), sei, sleep] });
    run(123_457);
    expect(one.cpu.cycles).toBe(123_457);
  });

  it('does not sleep when sleep is not enabled', () => {
    const { chip: one, run } = chip({ [RESET]: [sleep, inc(20), ...jmp(DONE)] });
    run(100);
    expect(one.cpu.data[20]).toBe(1);
  });

  it('knows the longest time in which no interrupt could be taken, from the first time they were allowed', () => {
    const { chip: one, run } = chip({
      [RESET]: [...new Array(100).fill(nop), sei, nop, cli, ...new Array(30).fill(nop), sei, nop, nop, ...jmp(DONE)],
    });
    run(1000);
    // The nops, `sei`, and the instruction behind it.
    expect(one.longestMaskedCycles).toBe(32);
  });

  it('is bitten by the watchdog, which runs on with its shortest time after a reset of its own', () => {
    const { bitten, run } = chip({ [RESET]: [...jmp(DONE)] }, resetFlags.watchdog);
    run(1_000_000);
    // 16 ms of 16 MHz.
    expect(bitten).toHaveLength(1);
    expect(bitten[0]).toBeGreaterThanOrEqual(256_000);
    expect(bitten[0]).toBeLessThan(256_010);
  });

  it('is not bitten after any other reset', () => {
    const { bitten, run } = chip({ [RESET]: [...jmp(DONE)] }, resetFlags.pin);
    run(1_000_000);
    expect(bitten).toEqual([]);
  });

  it('names the size of an image that does not fit', () => {
    expect(() => flashFrom(new Uint8Array(32_769))).toThrow('32769 bytes');
  });
});
