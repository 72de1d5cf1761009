import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { RP2040 } from 'rp2040js';
import { describe, expect, it } from 'vitest';
import { EmulatedPico } from '../../pico.js';
import { VirtualClock } from '../clock.js';
import { run } from './execute.js';
import { FLASH, Machine, PC, SP } from './machine.js';
import { Units } from './translate.js';

const SRAM = 0x20000000;
const DATA_BYTES = 1024;
const STACK = SRAM + 768;
const INSTRUCTIONS = 24;

interface Program {
  readonly code: readonly number[];
  readonly registers: readonly number[];
  readonly flags: number;
  readonly ns: number;
}

const flash = new Uint8Array(4096);
const flash16 = new Uint16Array(flash.buffer);
const nothing = new Units(new Uint16Array(0));

function chip() {
  const clock = new VirtualClock();
  const rp2040 = new RP2040(clock);
  rp2040.logger = { debug() {}, info() {}, warn() {}, error() {} };
  const flashView = new DataView(flash.buffer);
  flashView.setUint32 = () => {};
  Object.assign(rp2040, { flash, flash16, flashView });
  return { rp2040, clock };
}

const chips = [chip(), chip()] as const;

/** What a program has made of registers, flags, memory and time. */
function outcome({ rp2040, clock }: ReturnType<typeof chip>, units: Units, { registers, flags, ns }: Program): string {
  const { core, sram } = rp2040;
  for (let i = 0; i < DATA_BYTES; i++) sram[i] = (i * 37 + (i >> 4)) & 0xff;
  core.reset();
  core.registers.set(registers);
  core.registers[SP] = STACK;
  core.registers[PC] = FLASH;
  core.APSR = flags << 28;
  core.cycles = 0;
  core.waiting = false;
  core.interruptsUpdated = false;
  const fromNs = clock.nanos;
  const machine = new Machine(rp2040, clock, units);
  while (clock.nanos < fromNs + ns && !core.waiting) run(machine, fromNs + ns);
  const values = [...machine.r].map((value) => (value >>> 0).toString(16));
  const data = Buffer.from(sram.subarray(0, DATA_BYTES)).toString('hex');
  return `${values.join(' ')} ${(core.APSR >>> 28).toString(2)} ${clock.nanos - fromNs} ${data}`;
}

/** Opcodes whose first bits are these. */
const of = (...prefixes: string[]) =>
  fc
    .tuple(fc.constantFrom(...prefixes), fc.integer({ min: 0, max: 0xffff }))
    .map(([prefix, random]) => Number.parseInt(prefix.padEnd(16, '0'), 2) | (random & (0xffff >> prefix.length)));

const arithmetic = of('00000', '00001', '00010', '00011', '001', '010000', '010001', '1010', '10110000', '10110010');
const memory = of('01001', '0101', '011', '1000', '1001', '1011010', '10111100');
/** Forwards and back, within the program and out of it. */
const branching = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 13 }), fc.integer({ min: -INSTRUCTIONS, max: INSTRUCTIONS }))
    .map(([condition, offset]) => 0xd000 | (condition << 8) | (offset & 0xff)),
  fc.integer({ min: -INSTRUCTIONS, max: INSTRUCTIONS }).map((offset) => 0xe000 | (offset & 0x7ff)),
);
const leaving = of('11110', '11111', '01000111', '10111101');
const instruction = fc.oneof(
  { weight: 8, arbitrary: arithmetic },
  { weight: 4, arbitrary: memory },
  { weight: 3, arbitrary: branching },
  { weight: 1, arbitrary: leaving },
);
/** Values of all kinds, among them addresses in RAM, in flash, of a peripheral, and of nothing. */
const register = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff, FLASH + 16, 0x40054024, 0xd0000000, 0xfffffff9),
  fc.integer({ min: 0, max: 63 }).map((word) => SRAM + 4 * word),
  fc.integer({ min: 0, max: 63 }),
);
const program: fc.Arbitrary<Program> = fc.record({
  code: fc.array(instruction, { minLength: INSTRUCTIONS, maxLength: INSTRUCTIONS }),
  registers: fc.array(register, { minLength: 15, maxLength: 15 }),
  flags: fc.integer({ min: 0, max: 15 }),
  /** Up to 250 cycles. */
  ns: fc.integer({ min: 8, max: 2000 }),
});

describe('what is translated', () => {
  it('does what execute does, up to the same instant', () => {
    fc.assert(
      fc.property(program, (program) => {
        flash16.fill(0xffff);
        flash16.set(program.code);
        expect(outcome(chips[0], new Units(flash16, 0), program)).toBe(outcome(chips[1], nothing, program));
      }),
      { numRuns: 5000 },
    );
  });

  it('sends the bytes of the shipped firmware at the same times', () => {
    const image = readFileSync('firmware/images/pico-test.bin');
    const heard = (units: Units | undefined) => {
      const bytes: string[] = [];
      const pico = new EmulatedPico({ image, seed: 1, onByte: (byte, ns) => bytes.push(`${byte} ${ns}`) });
      if (units !== undefined) Object.assign(pico, { units });
      pico.reset('powerOn');
      pico.runUntil(600e6);
      return bytes;
    };
    const executed = heard(nothing);
    expect(executed.length).toBeGreaterThan(100);
    expect(heard(undefined)).toEqual(executed);
  });
});
