import * as arithmetic from './arithmetic.js';
import * as branches from './branch.js';
import { type Encodings, KEY_BITS, tableOf } from './encodings.js';
import { type Instruction, type Machine, PC } from './machine.js';
import * as transfer from './transfer.js';

/** The rest (barriers, special registers, hints, load and store multiple, faults) is rare: `rp2040js` runs it itself. */
const byStock: Instruction = (m) => {
  m.r[PC] = m.r[PC]! - 2;
  m.settle();
  m.core.executeInstruction();
  m.takeCycles();
  return 0;
};

const link: Instruction = (m, opcode) => branches.branchWithLink(m, opcode) ?? byStock(m, opcode);

const encodings: Encodings<Instruction> = [
  ['00000', arithmetic.lslsImmediate],
  ['00001', arithmetic.lsrsImmediate],
  ['00010', arithmetic.asrsImmediate],
  ['0001100', arithmetic.addsRegister],
  ['0001101', arithmetic.subsRegister],
  ['0001110', arithmetic.addsImmediate3],
  ['0001111', arithmetic.subsImmediate3],
  ['00100', arithmetic.movsImmediate],
  ['00101', arithmetic.cmpImmediate],
  ['00110', arithmetic.addsImmediate8],
  ['00111', arithmetic.subsImmediate8],
  ['0100000000', arithmetic.ands],
  ['0100000001', arithmetic.eors],
  ['0100000010', arithmetic.lslsRegister],
  ['0100000011', arithmetic.lsrsRegister],
  ['0100000100', arithmetic.asrsRegister],
  ['0100000101', arithmetic.adcs],
  ['0100000110', arithmetic.sbcs],
  ['0100001000', arithmetic.tst],
  ['0100001001', arithmetic.rsbs],
  ['0100001010', arithmetic.cmpRegister],
  ['0100001100', arithmetic.orrs],
  ['0100001101', arithmetic.muls],
  ['0100001110', arithmetic.bics],
  ['0100001111', arithmetic.mvns],
  ['01000100', arithmetic.addHigh],
  ['01000101', arithmetic.cmpHigh],
  ['01000110', arithmetic.movHigh],
  ['010001110', branches.bx],
  ['010001111', branches.blx],
  ['01001', transfer.ldrLiteral],
  ['0101000', transfer.strRegister],
  ['0101001', transfer.strhRegister],
  ['0101010', transfer.strbRegister],
  ['0101011', transfer.ldrsbRegister],
  ['0101100', transfer.ldrRegister],
  ['0101101', transfer.ldrhRegister],
  ['0101110', transfer.ldrbRegister],
  ['0101111', transfer.ldrshRegister],
  ['01100', transfer.strImmediate],
  ['01101', transfer.ldrImmediate],
  ['01110', transfer.strbImmediate],
  ['01111', transfer.ldrbImmediate],
  ['10000', transfer.strhImmediate],
  ['10001', transfer.ldrhImmediate],
  ['10010', transfer.strStack],
  ['10011', transfer.ldrStack],
  ['10100', arithmetic.adr],
  ['10101', arithmetic.addSpToRegister],
  ['10110000', arithmetic.adjustSp],
  ['1011001000', arithmetic.sxth],
  ['1011001001', arithmetic.sxtb],
  ['1011001010', arithmetic.uxth],
  ['1011001011', arithmetic.uxtb],
  ['1011010', transfer.push],
  ['1011110', transfer.pop],
  ...branches.conditional.map((run, condition) => [`1101${condition.toString(2).padStart(4, '0')}`, run] as const),
  ['11100', branches.branch],
  ['11110', link],
];

const table = tableOf(encodings, byStock);

/** Runs the next instruction, or the entry into an exception and its first one; their cycles are added to `pending`. */
export function execute(m: Machine): void {
  const { core, r } = m;
  if (core.interruptsUpdated) {
    if (core.checkForInterrupts()) core.waiting = false;
    m.takeCycles();
  }
  const opcode = m.fetch(r[PC]! & ~1);
  r[PC] = r[PC]! + 2;
  const cycles = table[opcode >>> (16 - KEY_BITS)]!(m, opcode); // may itself change `pending`
  m.pending += cycles;
}

/**
 * Runs instructions until the core sleeps, an alarm or `untilNs` has come, or something outside core and memories was
 * touched. Time is on the clock when it returns.
 *
 * What runs often is translated (see `translate.ts`); the rest, and the last instructions before an alarm, are executed one
 * by one. `rp2040js` tests for up to a hundred encodings one after the other; a property test holds the two against each other.
 */
export function run(m: Machine, untilNs: number): void {
  const { core, r, units } = m;
  m.plan(untilNs);
  do {
    const unit = core.interruptsUpdated ? undefined : units.at(r[PC]!);
    if (unit !== undefined && m.pending + unit.cyclesMax < m.budget) unit.run(m);
    else execute(m);
  } while (m.pending < m.budget && !core.waiting);
  m.settle();
}
