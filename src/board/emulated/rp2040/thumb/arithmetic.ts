import { type Instruction, type Machine, PC, SP } from './machine.js';

/** Shifts, additions, logic, moves and extensions: ARMv6-M Architecture Reference Manual A5.2.1 to A5.2.3. */

/** The result as it is written back; N and Z follow it. */
function setNZ(m: Machine, result: number): number {
  m.core.N = result < 0;
  m.core.Z = result === 0;
  return result;
}

/** a + b + carry with all flags (A2.2.1, AddWithCarry); a subtraction adds the complement with a carry of 1. */
function addWithCarry(m: Machine, a: number, b: number, carry: 0 | 1): number {
  const result = (a + b + carry) | 0;
  m.core.C = (a >>> 0) + (b >>> 0) + carry > 0xffffffff;
  m.core.V = ((a ^ result) & (b ^ result)) < 0;
  return setNZ(m, result);
}

const rd = (opcode: number) => opcode & 7;
const rn = (opcode: number) => (opcode >> 3) & 7;
const rm = (opcode: number) => (opcode >> 6) & 7;
const rd8 = (opcode: number) => (opcode >> 8) & 7;

export const lslsImmediate: Instruction = (m, opcode) => {
  const shift = (opcode >> 6) & 31;
  const value = m.r[rn(opcode)]!;
  if (shift > 0) m.core.C = ((value >>> (32 - shift)) & 1) === 1;
  m.r[rd(opcode)] = setNZ(m, value << shift);
  return 1;
};

export const lsrsImmediate: Instruction = (m, opcode) => {
  const shift = (opcode >> 6) & 31; // 0 means 32
  const value = m.r[rn(opcode)]!;
  m.core.C = ((value >>> ((shift + 31) & 31)) & 1) === 1;
  m.r[rd(opcode)] = setNZ(m, shift === 0 ? 0 : (value >>> shift) | 0);
  return 1;
};

export const asrsImmediate: Instruction = (m, opcode) => {
  const shift = (opcode >> 6) & 31; // 0 means 32
  const value = m.r[rn(opcode)]!;
  m.core.C = ((value >>> ((shift + 31) & 31)) & 1) === 1;
  m.r[rd(opcode)] = setNZ(m, shift === 0 ? value >> 31 : value >> shift);
  return 1;
};

export const addsRegister: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = addWithCarry(m, m.r[rn(opcode)]!, m.r[rm(opcode)]!, 0);
  return 1;
};

export const subsRegister: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = addWithCarry(m, m.r[rn(opcode)]!, ~m.r[rm(opcode)]!, 1);
  return 1;
};

export const addsImmediate3: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = addWithCarry(m, m.r[rn(opcode)]!, rm(opcode), 0);
  return 1;
};

export const subsImmediate3: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = addWithCarry(m, m.r[rn(opcode)]!, ~rm(opcode), 1);
  return 1;
};

export const movsImmediate: Instruction = (m, opcode) => {
  m.r[rd8(opcode)] = setNZ(m, opcode & 0xff);
  return 1;
};

export const cmpImmediate: Instruction = (m, opcode) => {
  addWithCarry(m, m.r[rd8(opcode)]!, ~(opcode & 0xff), 1);
  return 1;
};

export const addsImmediate8: Instruction = (m, opcode) => {
  m.r[rd8(opcode)] = addWithCarry(m, m.r[rd8(opcode)]!, opcode & 0xff, 0);
  return 1;
};

export const subsImmediate8: Instruction = (m, opcode) => {
  m.r[rd8(opcode)] = addWithCarry(m, m.r[rd8(opcode)]!, ~(opcode & 0xff), 1);
  return 1;
};

export const ands: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = setNZ(m, m.r[rd(opcode)]! & m.r[rn(opcode)]!);
  return 1;
};

export const eors: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = setNZ(m, m.r[rd(opcode)]! ^ m.r[rn(opcode)]!);
  return 1;
};

export const orrs: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = setNZ(m, m.r[rd(opcode)]! | m.r[rn(opcode)]!);
  return 1;
};

export const bics: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = setNZ(m, m.r[rd(opcode)]! & ~m.r[rn(opcode)]!);
  return 1;
};

export const mvns: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = setNZ(m, ~m.r[rn(opcode)]!);
  return 1;
};

export const muls: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = setNZ(m, Math.imul(m.r[rd(opcode)]!, m.r[rn(opcode)]!));
  return 1;
};

export const tst: Instruction = (m, opcode) => {
  setNZ(m, m.r[rd(opcode)]! & m.r[rn(opcode)]!);
  return 1;
};

export const cmpRegister: Instruction = (m, opcode) => {
  addWithCarry(m, m.r[rd(opcode)]!, ~m.r[rn(opcode)]!, 1);
  return 1;
};

export const rsbs: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = addWithCarry(m, 0, ~m.r[rn(opcode)]!, 1);
  return 1;
};

export const adcs: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = addWithCarry(m, m.r[rd(opcode)]!, m.r[rn(opcode)]!, m.core.C ? 1 : 0);
  return 1;
};

export const sbcs: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = addWithCarry(m, m.r[rd(opcode)]!, ~m.r[rn(opcode)]!, m.core.C ? 1 : 0);
  return 1;
};

/** Shifts by a register: 0 leaves the carry, 32 and more have their own results (A6.7.36, A6.7.38, A6.7.9). */
export const lslsRegister: Instruction = (m, opcode) => {
  const shift = m.r[rn(opcode)]! & 0xff;
  const value = m.r[rd(opcode)]!;
  if (shift > 0) m.core.C = shift <= 32 && ((value >>> (32 - shift)) & 1) === 1;
  m.r[rd(opcode)] = setNZ(m, shift < 32 ? value << shift : 0);
  return 1;
};

export const lsrsRegister: Instruction = (m, opcode) => {
  const shift = m.r[rn(opcode)]! & 0xff;
  const value = m.r[rd(opcode)]!;
  if (shift > 0) m.core.C = shift <= 32 && ((value >>> (shift - 1)) & 1) === 1;
  m.r[rd(opcode)] = setNZ(m, shift < 32 ? (value >>> shift) | 0 : 0);
  return 1;
};

export const asrsRegister: Instruction = (m, opcode) => {
  const shift = Math.min(32, m.r[rn(opcode)]! & 0xff);
  const value = m.r[rd(opcode)]!;
  if (shift > 0) m.core.C = ((value >> (shift - 1)) & 1) === 1;
  m.r[rd(opcode)] = setNZ(m, value >> Math.min(31, shift));
  return 1;
};

const highRd = (opcode: number) => ((opcode >> 4) & 8) | (opcode & 7);
const highRm = (opcode: number) => (opcode >> 3) & 15;
const readHigh = (m: Machine, register: number) => (register === PC ? m.r[PC]! + 2 : m.r[register]!);

/** A write to SP drops its two low bits, one to PC is a branch. */
function writeHigh(m: Machine, register: number, value: number): number {
  m.r[register] = register === PC ? value & ~1 : register === SP ? value & ~3 : value;
  return register === PC ? 2 : 1;
}

export const movHigh: Instruction = (m, opcode) => writeHigh(m, highRd(opcode), readHigh(m, highRm(opcode)));

export const addHigh: Instruction = (m, opcode) =>
  writeHigh(m, highRd(opcode), readHigh(m, highRd(opcode)) + readHigh(m, highRm(opcode)));

export const cmpHigh: Instruction = (m, opcode) => {
  addWithCarry(m, m.r[highRd(opcode)]!, ~m.r[highRm(opcode)]!, 1);
  return 1;
};

export const adr: Instruction = (m, opcode) => {
  m.r[rd8(opcode)] = ((m.r[PC]! + 2) & ~3) + ((opcode & 0xff) << 2);
  return 1;
};

export const addSpToRegister: Instruction = (m, opcode) => {
  m.r[rd8(opcode)] = m.r[SP]! + ((opcode & 0xff) << 2);
  return 1;
};

export const adjustSp: Instruction = (m, opcode) => {
  const bytes = (opcode & 0x7f) << 2;
  m.r[SP] = m.r[SP]! + (opcode & 0x80 ? -bytes : bytes);
  return 1;
};

export const sxth: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = (m.r[rn(opcode)]! << 16) >> 16;
  return 1;
};

export const sxtb: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = (m.r[rn(opcode)]! << 24) >> 24;
  return 1;
};

export const uxth: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = m.r[rn(opcode)]! & 0xffff;
  return 1;
};

export const uxtb: Instruction = (m, opcode) => {
  m.r[rd(opcode)] = m.r[rn(opcode)]! & 0xff;
  return 1;
};
