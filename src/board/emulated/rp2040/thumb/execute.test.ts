import fc from 'fast-check';
import { RP2040 } from 'rp2040js';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock.js';
import { execute } from './execute.js';
import { Machine } from './machine.js';
import { Units } from './translate.js';

const CODE = 0x20000000;
const DATA = 0x20001000;

function chip(): { rp2040: RP2040; machine: Machine } {
  const clock = new VirtualClock();
  const rp2040 = new RP2040(clock);
  rp2040.logger = { debug() {}, info() {}, warn() {}, error() {} };
  Object.assign(rp2040, { flash: new Uint8Array(4096), flashView: new DataView(new ArrayBuffer(4096)) });
  return { rp2040, machine: new Machine(rp2040, clock, new Units(new Uint16Array(0))) };
}

interface State {
  readonly registers: readonly number[];
  readonly flags: number;
  readonly first: number;
  readonly second: number;
}

function load({ core, sram, sramView }: RP2040, { registers, flags, first, second }: State): void {
  for (let i = 0; i < 1024; i++) sram[0x1000 + i] = (i * 37 + (i >> 4)) & 0xff;
  sramView.setUint16(0, first, true);
  sramView.setUint16(2, second, true);
  core.registers.set(registers);
  core.SP = DATA + 512;
  core.LR = 0x1234567;
  core.PC = CODE;
  core.APSR = flags << 28;
  core.cycles = 0;
  core.interruptsUpdated = false;
}

/** As text: `toEqual` on a kilobyte takes milliseconds. */
function state({ core, sram }: RP2040, cycles: number): string {
  const registers = [...core.registers].map((value) => value.toString(16));
  const data = Buffer.from(sram.subarray(0x1000, 0x1400)).toString('latin1');
  return `${registers.join(' ')} ${(core.APSR >>> 28).toString(2)} ${cycles} ${data}`;
}

const stock = chip();
const ours = chip();

function compare(given: State): void {
  load(stock.rp2040, given);
  load(ours.rp2040, given);
  stock.rp2040.core.executeInstruction();
  ours.machine.pending = 0;
  execute(ours.machine);
  expect(state(ours.rp2040, ours.machine.pending)).toEqual(state(stock.rp2040, stock.rp2040.core.cycles));
}

const register = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff),
  fc.integer({ min: 0, max: 0x3f }),
);
/** Aligned addresses of the data, so that loads and stores go where one can look. */
const address = fc.integer({ min: 0, max: 63 }).map((word) => DATA + 4 * word);
const registers = fc.array(register, { minLength: 13, maxLength: 13 });
const flags = fc.integer({ min: 0, max: 15 });
const second = fc.integer({ min: 0, max: 0xffff });

/** Opcodes whose first bits are these. */
const of = (...prefixes: string[]) =>
  fc
    .tuple(fc.constantFrom(...prefixes), fc.integer({ min: 0, max: 0xffff }))
    .map(
      ([prefix, random]) => (Number.parseInt(prefix.padEnd(16, '0'), 2) | (random & (0xffff >> prefix.length))) >>> 0,
    );

describe('execute', () => {
  it('agrees with rp2040js on arithmetic, moves and extensions', () => {
    const opcode = of(
      '00000',
      '00001',
      '00010',
      '00011',
      '001',
      '0100000000',
      '0100000001',
      '01000010',
      '01000011',
      '01000100',
      '01000101',
      '01000110',
      '1010',
      '10110000',
      '10110010',
    );
    fc.assert(
      fc.property(registers, flags, opcode, (registers, flags, first) =>
        compare({ registers, flags, first, second: 0 }),
      ),
      { numRuns: 20_000 },
    );
  });

  it('agrees with rp2040js on shifts by a register from 1 to 31', () => {
    const shift = fc.integer({ min: 1, max: 31 });
    fc.assert(
      fc.property(
        registers,
        flags,
        of('0100000010', '0100000011', '0100000100'),
        shift,
        (registers, flags, first, shift) => {
          const shifted = registers.slice();
          shifted[(first >> 3) & 7] = shift;
          compare({ registers: shifted, flags, first, second: 0 });
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('agrees with rp2040js on branches and calls', () => {
    fc.assert(
      fc.property(registers, flags, of('1101', '11100', '11110'), second, (registers, flags, first, second) =>
        compare({ registers: [...registers], flags, first, second }),
      ),
      { numRuns: 10_000 },
    );
  });

  // The low bits should be zero. BLX LR and the high registers are left out: rp2040js overwrites LR before it reads it.
  it('agrees with rp2040js on branches to a register', () => {
    fc.assert(
      fc.property(registers, flags, of('01000111'), (registers, flags, random) =>
        compare({ registers, flags, first: random & ~7 & (random & 0x80 ? ~0x40 : ~0), second: 0 }),
      ),
    );
  });

  it('agrees with rp2040js on loads and stores in RAM, push and pop', () => {
    const opcode = of('011', '1000', '1001', '1011010', '1011110', '1100');
    fc.assert(
      fc.property(fc.array(address, { minLength: 13, maxLength: 13 }), flags, opcode, (registers, flags, first) =>
        compare({ registers, flags, first, second: 0 }),
      ),
      { numRuns: 10_000 },
    );
    const index = fc.integer({ min: 0, max: 63 }).map((word) => 4 * word);
    fc.assert(
      fc.property(address, index, flags, of('0101'), (base, index, flags, first) => {
        const registers = new Array(13).fill(0x12345678);
        registers[(first >> 6) & 7] = index;
        registers[(first >> 3) & 7] = base;
        compare({ registers, flags, first, second: 0 });
      }),
      { numRuns: 5000 },
    );
  });

  it('does what the manual says where rp2040js does not: a shift by a register of 0 or more than 32', () => {
    const shiftBy = (first: number, shift: number) => {
      load(ours.rp2040, {
        registers: [0x80000001, shift, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        flags: 2,
        first,
        second: 0,
      });
      execute(ours.machine);
      return [ours.rp2040.core.registers[0], ours.rp2040.core.C];
    };
    const lsls = 0x4088;
    const lsrs = 0x40c8;
    expect(shiftBy(lsls, 0)).toEqual([0x80000001, true]);
    expect(shiftBy(lsls, 32)).toEqual([0, true]);
    expect(shiftBy(lsls, 33)).toEqual([0, false]);
    expect(shiftBy(lsrs, 0)).toEqual([0x80000001, true]);
    expect(shiftBy(lsrs, 32)).toEqual([0, true]);
    expect(shiftBy(lsrs, 33)).toEqual([0, false]);
  });
});
