import { callOffset } from './branch.js';
import { type Encodings, KEY_BITS, tableOf } from './encodings.js';
import { LR, SP } from './machine.js';

/**
 * What an instruction does, as the text of JavaScript: the same as the function of its name in `arithmetic.ts`, `branch.ts`
 * and `transfer.ts`, flags and cycles included.
 *
 * It is written over these names: `m` and its `r`, `core`, `sram8`, `sram16`, `sram32`; `p`, the pending cycles; the flags `c`
 * and `v`; `n` and `z`, results of which N and Z tell; `x`, `y` and `w` for what an instruction needs in between. `break unit`
 * leaves, with the next address in PC.
 */
export interface Place {
  readonly opcode: number;
  /** Of the instruction. */
  readonly address: number;
  /** The second half of a 32-bit instruction. */
  readonly second: number;
  /** JavaScript that goes on at an address, two cycles later. */
  readonly goTo: (address: number) => string;
}
export type Emit = (place: Place) => string | undefined;

const field = (opcode: number, shift: number) => `r[${(opcode >> shift) & 7}]`;
const rd = ({ opcode }: Place) => field(opcode, 0);
const rn = ({ opcode }: Place) => field(opcode, 3);
const rm = ({ opcode }: Place) => field(opcode, 6);
const rd8 = ({ opcode }: Place) => field(opcode, 8);
const imm8 = ({ opcode }: Place) => opcode & 0xff;
const imm5 = ({ opcode }: Place) => (opcode >> 6) & 31;
const TICK = 'p=p+1|0;';

const add = (a: string, b: string | number) => `x=${a};y=${b};n=z=x+y|0;c=z>>>0<x>>>0;v=((x^z)&(y^z))<0;${TICK}`;
const subtract = (a: string | number, b: string | number) =>
  `x=${a};y=${b};n=z=x-y|0;c=x>>>0>=y>>>0;v=((x^y)&(x^z))<0;${TICK}`;
const addWithCarry = (a: string, b: string) =>
  `x=${a};y=${b};w=(x>>>0)+(y>>>0)+(c?1:0);n=z=w|0;c=w>4294967295;v=((x^z)&(y^z))<0;${TICK}`;
/** Of two registers, the first of which takes the result. */
const logic =
  (operation: string): Emit =>
  (i) =>
    `${rd(i)}=n=z=${rd(i)}${operation}${rn(i)};${TICK}`;

const shiftImmediate =
  (carry: (by: number) => string, result: (by: number) => string): Emit =>
  (i) =>
    `x=${rn(i)};${carry(imm5(i))}${rd(i)}=n=z=${result(imm5(i))};${TICK}`;
/** y is what to shift by. */
const shiftRegister =
  (carry: string, result: string): Emit =>
  (i) =>
    `x=${rd(i)};y=${rn(i)}&255;if(y>0)c=${carry};${rd(i)}=n=z=${result};${TICK}`;

/** The flags where they belong, before something outside may look at them or change them. */
const GIVE_FLAGS = 'core.N=n<0;core.Z=n=z===0;core.C=c;core.V=v;';
const PC_OF = (address: number) => `r[15]=${address | 0};`;
/** To the address in `w`, which may mean a return from an exception. */
const EXCHANGE = `p=p+2|0;if(w>>>28===15){${GIVE_FLAGS}m.pending=p;core.BXWritePC(w>>>0);return}r[15]=w&~1;break unit;`;

/** The other half of an access that is not to RAM: time may be settled for it, and then the unit ends. */
const outside = (i: Place, access: string, cycles: string) =>
  `else{m.pending=p;${PC_OF(i.address + 2)}${access};p=m.pending+${cycles}|0;if(m.budget===0)break unit}`;

const inRam = (bits: number) => (bits === 8 ? 'y<sram8.length' : `(y&${bits / 8 - 1})===0&&y<sram8.length`);
const element = (bits: number) => (bits === 8 ? 'sram8[y]' : `sram${bits}[y>>>${bits / 16}]`);
const offsetOf = (address: string) => `x=${address}|0;y=x-0x20000000>>>0;`;

const load = (bits: number, to: string, address: string, signed = false): Emit => {
  const extend = (value: string) => (signed ? `${value}<<${32 - bits}>>${32 - bits}` : value);
  return (i) =>
    `${offsetOf(address)}if(${inRam(bits)}){${to}=${extend(element(bits))};p=p+2|0}` +
    outside(i, `${to}=${extend(`m.load${bits}(x)`)}`, 'loadCycles(x)');
};
const store = (bits: number, from: string, address: string): Emit => {
  return (i) =>
    `${offsetOf(address)}if(${inRam(bits)}){${element(bits)}=${from};p=p+2|0}` +
    outside(i, `m.store${bits}(x,${from})`, 'storeCycles(x)');
};
const indexed = (i: Place) => `${rn(i)}+${rm(i)}`;
const at = (i: Place, scale: number) => `${rn(i)}+${imm5(i) * scale}`;
const onStack = (i: Place) => `r[${SP}]+${imm8(i) * 4}`;

function registersOf(opcode: number): number[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].filter((register) => opcode & (1 << register));
}

const pushing: Emit = (i) => {
  const registers = [...registersOf(i.opcode), ...(i.opcode & 0x100 ? [LR] : [])];
  const bytes = 4 * registers.length;
  const stores = registers.map((register, n) => `sram32[w+${n}]=r[${register}];`).join('');
  const cycles = 1 + registersOf(i.opcode).length;
  return (
    `${offsetOf(`r[${SP}]-${bytes}`)}if((y&3)===0&&y+${bytes}<=sram8.length){w=y>>>2;${stores}r[${SP}]=x;p=p+${cycles}|0}` +
    outside(i, `w=push(m,${i.opcode})`, 'w')
  );
};

const popping: Emit = (i) => {
  const registers = registersOf(i.opcode);
  const toPc = (i.opcode & 0x100) !== 0;
  const bytes = 4 * (registers.length + (toPc ? 1 : 0));
  const loads = registers.map((register, n) => `r[${register}]=sram32[w+${n}];`).join('');
  const next = toPc ? `w=sram32[w+${registers.length}];${EXCHANGE}` : '';
  const inRam = `w=y>>>2;${loads}r[${SP}]=x+${bytes};p=p+${1 + registers.length}|0;${next}`;
  // Where the stack is not in RAM, the flags are not looked at but by a return from an exception, which restores others.
  const elsewhere = toPc
    ? `else{${GIVE_FLAGS}m.pending=p;${PC_OF(i.address + 2)}w=pop(m,${i.opcode});m.pending=m.pending+w;return}`
    : outside(i, `w=pop(m,${i.opcode})`, 'w');
  return `${offsetOf(`r[${SP}]`)}if((y&3)===0&&y+${bytes}<=sram8.length){${inRam}}${elsewhere}`;
};

const highRd = (opcode: number) => ((opcode >> 4) & 8) | (opcode & 7);
const highRm = (opcode: number) => (opcode >> 3) & 15;
const readHigh = (i: Place, register: number) => (register === 15 ? `${(i.address + 4) | 0}` : `r[${register}]`);
function writeHigh(register: number, value: string): string {
  if (register === 15) return `r[15]=${value}&~1;p=p+2|0;break unit;`;
  return `r[${register}]=${register === SP ? `${value}&~3` : value};${TICK}`;
}

const conditions = [
  'z===0',
  'z!==0',
  'c',
  '!c',
  'n<0',
  'n>=0',
  'v',
  '!v',
  'c&&z!==0',
  '!c||z===0',
  'n<0===v',
  'n<0!==v',
  'z!==0&&n<0===v',
  'z===0||n<0!==v',
];

/** The first half of BL; the other 32-bit instructions are left to `execute`. */
const call: Emit = ({ opcode, second, address }) => {
  if ((second & 0xd000) !== 0xd000) return undefined;
  return `r[${LR}]=${(address + 4) | 1};${PC_OF(address + 4 + callOffset(opcode, second))}p=p+3|0;break unit;`;
};

const emitters: Encodings<Emit> = [
  [
    '00000',
    shiftImmediate(
      (by) => (by > 0 ? `c=(x>>>${32 - by}&1)===1;` : ''),
      (by) => `x<<${by}`,
    ),
  ],
  [
    '00001',
    shiftImmediate(
      (by) => `c=(x>>>${(by + 31) & 31}&1)===1;`,
      (by) => (by === 0 ? '0' : `x>>>${by}|0`),
    ),
  ],
  [
    '00010',
    shiftImmediate(
      (by) => `c=(x>>>${(by + 31) & 31}&1)===1;`,
      (by) => `x>>${by === 0 ? 31 : by}`,
    ),
  ],
  ['0001100', (i) => `${add(rn(i), rm(i))}${rd(i)}=z;`],
  ['0001101', (i) => `${subtract(rn(i), rm(i))}${rd(i)}=z;`],
  ['0001110', (i) => `${add(rn(i), imm5(i) & 7)}${rd(i)}=z;`],
  ['0001111', (i) => `${subtract(rn(i), imm5(i) & 7)}${rd(i)}=z;`],
  ['00100', (i) => `${rd8(i)}=n=z=${imm8(i)};${TICK}`],
  ['00101', (i) => subtract(rd8(i), imm8(i))],
  ['00110', (i) => `${add(rd8(i), imm8(i))}${rd8(i)}=z;`],
  ['00111', (i) => `${subtract(rd8(i), imm8(i))}${rd8(i)}=z;`],
  ['0100000000', logic('&')],
  ['0100000001', logic('^')],
  ['0100000010', shiftRegister('y<=32&&(x>>>(32-y)&1)===1', 'y<32?x<<y:0')],
  ['0100000011', shiftRegister('y<=32&&(x>>>(y-1)&1)===1', 'y<32?x>>>y|0:0')],
  ['0100000100', shiftRegister('(x>>(y<32?y-1:31)&1)===1', 'x>>(y<31?y:31)')],
  ['0100000101', (i) => `${addWithCarry(rd(i), rn(i))}${rd(i)}=z;`],
  ['0100000110', (i) => `${addWithCarry(rd(i), `~${rn(i)}`)}${rd(i)}=z;`],
  ['0100001000', (i) => `n=z=${rd(i)}&${rn(i)};${TICK}`],
  ['0100001001', (i) => `${subtract(0, rn(i))}${rd(i)}=z;`],
  ['0100001010', (i) => subtract(rd(i), rn(i))],
  ['0100001100', logic('|')],
  ['0100001101', (i) => `${rd(i)}=n=z=Math.imul(${rd(i)},${rn(i)});${TICK}`],
  ['0100001110', logic('&~')],
  ['0100001111', (i) => `${rd(i)}=n=z=~${rn(i)};${TICK}`],
  [
    '01000100',
    (i) => writeHigh(highRd(i.opcode), `(${readHigh(i, highRd(i.opcode))}+${readHigh(i, highRm(i.opcode))})`),
  ],
  [
    '01000101',
    ({ opcode }) =>
      highRd(opcode) === 15 || highRm(opcode) === 15
        ? undefined
        : subtract(`r[${highRd(opcode)}]`, `r[${highRm(opcode)}]`),
  ],
  ['01000110', (i) => writeHigh(highRd(i.opcode), readHigh(i, highRm(i.opcode)))],
  ['010001110', (i) => (highRm(i.opcode) === 15 ? undefined : `w=r[${highRm(i.opcode)}];${EXCHANGE}`)],
  [
    '010001111',
    (i) =>
      highRm(i.opcode) === 15
        ? undefined
        : `r[15]=r[${highRm(i.opcode)}]&~1;r[${LR}]=${(i.address + 2) | 1};p=p+2|0;break unit;`,
  ],
  ['01001', (i) => load(32, rd8(i), `${(((i.address + 4) & ~3) + imm8(i) * 4) | 0}`)(i)],
  ['0101000', (i) => store(32, rd(i), indexed(i))(i)],
  ['0101001', (i) => store(16, rd(i), indexed(i))(i)],
  ['0101010', (i) => store(8, rd(i), indexed(i))(i)],
  ['0101011', (i) => load(8, rd(i), indexed(i), true)(i)],
  ['0101100', (i) => load(32, rd(i), indexed(i))(i)],
  ['0101101', (i) => load(16, rd(i), indexed(i))(i)],
  ['0101110', (i) => load(8, rd(i), indexed(i))(i)],
  ['0101111', (i) => load(16, rd(i), indexed(i), true)(i)],
  ['01100', (i) => store(32, rd(i), at(i, 4))(i)],
  ['01101', (i) => load(32, rd(i), at(i, 4))(i)],
  ['01110', (i) => store(8, rd(i), at(i, 1))(i)],
  ['01111', (i) => load(8, rd(i), at(i, 1))(i)],
  ['10000', (i) => store(16, rd(i), at(i, 2))(i)],
  ['10001', (i) => load(16, rd(i), at(i, 2))(i)],
  ['10010', (i) => store(32, rd8(i), onStack(i))(i)],
  ['10011', (i) => load(32, rd8(i), onStack(i))(i)],
  ['10100', (i) => `${rd8(i)}=${(((i.address + 4) & ~3) + imm8(i) * 4) | 0};${TICK}`],
  ['10101', (i) => `${rd8(i)}=r[${SP}]+${imm8(i) * 4};${TICK}`],
  ['10110000', ({ opcode }) => `r[${SP}]=r[${SP}]${opcode & 0x80 ? '-' : '+'}${(opcode & 0x7f) * 4};${TICK}`],
  ['1011001000', (i) => `${rd(i)}=${rn(i)}<<16>>16;${TICK}`],
  ['1011001001', (i) => `${rd(i)}=${rn(i)}<<24>>24;${TICK}`],
  ['1011001010', (i) => `${rd(i)}=${rn(i)}&65535;${TICK}`],
  ['1011001011', (i) => `${rd(i)}=${rn(i)}&255;${TICK}`],
  ['1011010', pushing],
  ['1011110', popping],
  ...conditions.map((condition, number): readonly [string, Emit] => [
    `1101${number.toString(2).padStart(4, '0')}`,
    (i) => `if(${condition}){${i.goTo(i.address + 4 + ((i.opcode << 24) >> 23))}}${TICK}`,
  ]),
  ['11100', (i) => i.goTo(i.address + 4 + ((i.opcode << 21) >> 20))],
  ['11110', call],
];

const table = tableOf<Emit>(emitters, () => undefined);

/** @returns undefined for an instruction that is left to `execute` */
export const emit: Emit = (place) => table[place.opcode >>> (16 - KEY_BITS)]!(place);

/** Whether nothing goes on behind it: B, BL, BX, BLX, POP with PC, and what writes to PC. */
export function leaves(opcode: number): boolean {
  const isBranch = opcode >>> 11 === 0b11100 || opcode >>> 11 === 0b11110 || opcode >>> 8 === 0b01000111;
  const writesPc = (opcode >>> 8 === 0b01000100 || opcode >>> 8 === 0b01000110) && highRd(opcode) === 15;
  return isBranch || writesPc || opcode >>> 8 === 0b10111101;
}
