import { type Instruction, LR, type Machine, PC } from './machine.js';

/** Branches, ARMv6-M Architecture Reference Manual A5.2.3, A5.2.6 and A6.7.13. */

function jump(m: Machine, offset: number): number {
  m.r[PC] = m.r[PC]! + 2 + offset;
  return 2;
}

const offset8 = (opcode: number) => (opcode << 24) >> 23;

export const branch: Instruction = (m, opcode) => jump(m, (opcode << 21) >> 20);

export const bx: Instruction = (m, opcode) => {
  m.core.BXWritePC(m.r[(opcode >> 3) & 15]! >>> 0);
  return 2;
};

export const blx: Instruction = (m, opcode) => {
  const target = m.r[(opcode >> 3) & 15]! & ~1;
  m.r[LR] = m.r[PC]! | 1;
  m.r[PC] = target;
  return 2;
};

/** How far BL (T1) goes from the address behind it. */
export function callOffset(first: number, second: number): number {
  const sign = (first >> 10) & 1;
  const i1 = 1 - (sign ^ ((second >> 13) & 1));
  const i2 = 1 - (sign ^ ((second >> 11) & 1));
  return (-sign << 24) | (i1 << 23) | (i2 << 22) | ((first & 0x3ff) << 12) | ((second & 0x7ff) << 1);
}

/** The first half of BL (T1); undefined for the other 32-bit instructions that begin like it. */
export function branchWithLink(m: Machine, opcode: number): number | undefined {
  const second = m.fetch(m.r[PC]!);
  if ((second & 0xd000) !== 0xd000) return undefined;
  m.r[LR] = (m.r[PC]! + 2) | 1;
  m.r[PC] = m.r[PC]! + 2 + callOffset(opcode, second);
  return 3;
}

/** B<c> by its condition, A6.3; 14 and 15 are UDF and SVC, which are not branches. */
export const conditional: readonly Instruction[] = [
  (m, opcode) => (m.core.Z ? jump(m, offset8(opcode)) : 1), // EQ
  (m, opcode) => (m.core.Z ? 1 : jump(m, offset8(opcode))), // NE
  (m, opcode) => (m.core.C ? jump(m, offset8(opcode)) : 1), // CS
  (m, opcode) => (m.core.C ? 1 : jump(m, offset8(opcode))), // CC
  (m, opcode) => (m.core.N ? jump(m, offset8(opcode)) : 1), // MI
  (m, opcode) => (m.core.N ? 1 : jump(m, offset8(opcode))), // PL
  (m, opcode) => (m.core.V ? jump(m, offset8(opcode)) : 1), // VS
  (m, opcode) => (m.core.V ? 1 : jump(m, offset8(opcode))), // VC
  (m, opcode) => (m.core.C && !m.core.Z ? jump(m, offset8(opcode)) : 1), // HI
  (m, opcode) => (m.core.C && !m.core.Z ? 1 : jump(m, offset8(opcode))), // LS
  (m, opcode) => (m.core.N === m.core.V ? jump(m, offset8(opcode)) : 1), // GE
  (m, opcode) => (m.core.N === m.core.V ? 1 : jump(m, offset8(opcode))), // LT
  (m, opcode) => (m.core.N === m.core.V && !m.core.Z ? jump(m, offset8(opcode)) : 1), // GT
  (m, opcode) => (m.core.N === m.core.V && !m.core.Z ? 1 : jump(m, offset8(opcode))), // LE
];
