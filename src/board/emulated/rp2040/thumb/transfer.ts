import { type Instruction, LR, loadCycles, type Machine, PC, SP, storeCycles } from './machine.js';

/** Loads and stores, ARMv6-M Architecture Reference Manual A5.2.4 to A5.2.6, push and pop. */

const rt = (opcode: number) => opcode & 7;
const rt8 = (opcode: number) => (opcode >> 8) & 7;
const imm5 = (opcode: number) => (opcode >> 6) & 31;
const base = (m: Machine, opcode: number) => m.r[(opcode >> 3) & 7]!;
const indexed = (m: Machine, opcode: number) => base(m, opcode) + m.r[(opcode >> 6) & 7]!;
const onStack = (m: Machine, opcode: number) => m.r[SP]! + ((opcode & 0xff) << 2);

function load32(m: Machine, register: number, address: number): number {
  m.r[register] = m.load32(address);
  return loadCycles(address);
}

function load16(m: Machine, register: number, address: number): number {
  m.r[register] = m.load16(address);
  return loadCycles(address);
}

function load8(m: Machine, register: number, address: number): number {
  m.r[register] = m.load8(address);
  return loadCycles(address);
}

function store32(m: Machine, register: number, address: number): number {
  m.store32(address, m.r[register]!);
  return storeCycles(address);
}

function store16(m: Machine, register: number, address: number): number {
  m.store16(address, m.r[register]!);
  return storeCycles(address);
}

function store8(m: Machine, register: number, address: number): number {
  m.store8(address, m.r[register]!);
  return storeCycles(address);
}

export const ldrLiteral: Instruction = (m, opcode) =>
  load32(m, rt8(opcode), ((m.r[PC]! + 2) & ~3) + ((opcode & 0xff) << 2));

export const ldrImmediate: Instruction = (m, opcode) => load32(m, rt(opcode), base(m, opcode) + (imm5(opcode) << 2));
export const ldrhImmediate: Instruction = (m, opcode) => load16(m, rt(opcode), base(m, opcode) + (imm5(opcode) << 1));
export const ldrbImmediate: Instruction = (m, opcode) => load8(m, rt(opcode), base(m, opcode) + imm5(opcode));
export const strImmediate: Instruction = (m, opcode) => store32(m, rt(opcode), base(m, opcode) + (imm5(opcode) << 2));
export const strhImmediate: Instruction = (m, opcode) => store16(m, rt(opcode), base(m, opcode) + (imm5(opcode) << 1));
export const strbImmediate: Instruction = (m, opcode) => store8(m, rt(opcode), base(m, opcode) + imm5(opcode));

export const ldrStack: Instruction = (m, opcode) => load32(m, rt8(opcode), onStack(m, opcode));
export const strStack: Instruction = (m, opcode) => store32(m, rt8(opcode), onStack(m, opcode));

export const ldrRegister: Instruction = (m, opcode) => load32(m, rt(opcode), indexed(m, opcode));
export const ldrhRegister: Instruction = (m, opcode) => load16(m, rt(opcode), indexed(m, opcode));
export const ldrbRegister: Instruction = (m, opcode) => load8(m, rt(opcode), indexed(m, opcode));
export const strRegister: Instruction = (m, opcode) => store32(m, rt(opcode), indexed(m, opcode));
export const strhRegister: Instruction = (m, opcode) => store16(m, rt(opcode), indexed(m, opcode));
export const strbRegister: Instruction = (m, opcode) => store8(m, rt(opcode), indexed(m, opcode));

export const ldrsbRegister: Instruction = (m, opcode) => {
  const address = indexed(m, opcode);
  m.r[rt(opcode)] = (m.load8(address) << 24) >> 24;
  return loadCycles(address);
};

export const ldrshRegister: Instruction = (m, opcode) => {
  const address = indexed(m, opcode);
  m.r[rt(opcode)] = (m.load16(address) << 16) >> 16;
  return loadCycles(address);
};

/** One cycle, and one per register but LR, which is what `rp2040js` charges; silicon takes one more (M0+ TRM 3.3). */
export const push: Instruction = (m, opcode) => {
  let count = 0;
  for (let bits = opcode & 0x1ff; bits !== 0; bits &= bits - 1) count++;
  let address = m.r[SP]! - 4 * count;
  m.r[SP] = address;
  for (let register = 0; register < 8; register++) {
    if ((opcode & (1 << register)) === 0) continue;
    m.store32(address, m.r[register]!);
    address += 4;
  }
  if ((opcode & 0x100) === 0) return 1 + count;
  m.store32(address, m.r[LR]!);
  return count;
};

export const pop: Instruction = (m, opcode) => {
  let address = m.r[SP]!;
  let cycles = 1;
  for (let register = 0; register < 8; register++) {
    if ((opcode & (1 << register)) === 0) continue;
    m.r[register] = m.load32(address);
    address += 4;
    cycles++;
  }
  if ((opcode & 0x100) === 0) {
    m.r[SP] = address;
    return cycles;
  }
  m.r[SP] = address + 4;
  m.core.BXWritePC(m.load32(address) >>> 0);
  return cycles + 2;
};
