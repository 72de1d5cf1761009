import { emit, leaves } from './emit.js';
import { FLASH, loadCycles, type Machine, storeCycles } from './machine.js';
import { pop, push } from './transfer.js';

/** Some instructions that lie one behind the other in flash, as one function: to the cycle what `execute` makes of them one by one. */
export interface Unit {
  /** It may take so many cycles before it looks at `budget`: what cannot wait that long must not enter it. */
  readonly cyclesMax: number;
  /** Comes back when it is left, when another round might pass `budget`, or when time was settled. */
  readonly run: (m: Machine) => void;
}

const INSTRUCTIONS_MAX = 48;
/** At most, in RAM: PUSH and POP of nine registers, BL, loads and branches. */
const cyclesMaxOf = (opcode: number) => (opcode >>> 12 === 0b1011 ? 12 : opcode >>> 11 === 0b11110 ? 3 : 2);
const HOT = 200;
/** Functions that are kept for the next board with the same firmware, which V8 has made fast by then. */
const KEPT_MAX = 4096;

/** The units of one flash, by the address of their first instruction. */
export class Units {
  private readonly units: (Unit | undefined)[];
  private readonly visits: Uint8Array;

  /**
   * @param flash from 0x10000000 on, in halfwords
   * @param hot how often something must have run before it is translated: what runs at start-up only is not worth it
   */
  constructor(
    private readonly flash: Uint16Array,
    private readonly hot = HOT,
  ) {
    let used = flash.length;
    while (used > 0 && flash[used - 1] === 0xffff) used--;
    this.units = new Array(used).fill(undefined);
    this.visits = new Uint8Array(used);
  }

  /** @returns undefined for what is not in flash, did not run often, or cannot be translated */
  at(address: number): Unit | undefined {
    const halfword = (address - FLASH) >>> 1;
    const unit = this.units[halfword];
    if (unit !== undefined) return unit;
    const visits = this.visits[halfword];
    if (visits === undefined || visits > this.hot) return undefined;
    this.visits[halfword] = visits + 1;
    if (visits === this.hot) this.units[halfword] = translate(this.flash, address & ~1);
    return this.units[halfword];
  }
}

interface Line {
  readonly address: number;
  /** Address of the instruction behind it. */
  readonly next: number;
  readonly cyclesMax: number;
  readonly text: string;
}

/** @returns undefined when the first instruction already is left to `execute` */
function translate(flash: Uint16Array, from: number): Unit | undefined {
  const targets = new Set<number>();
  const lines = linesFrom(flash, from, (to) => {
    targets.add(to);
    return '';
  });
  if (lines.length === 0) return undefined;
  const labels = lines.map(({ address }) => address).filter((address) => address === from || targets.has(address));
  // A branch ahead stays within what was allowed for at the last look at the budget, one back looks again.
  const goTo = (to: number, at: number) => {
    const label = labels.indexOf(to);
    const leave = `r[15]=${to | 0};break unit;`;
    if (label < 0) return `p=p+2|0;${leave}`;
    const go = `k=${label};continue;`;
    return to > at ? `p=p+2|0;${go}` : `p=p+2|0;if(p<limit){${go}}${leave}`;
  };
  const cyclesMax = lines.reduce((sum, line) => sum + line.cyclesMax, 0);
  return { cyclesMax, run: functionOf(textOf(linesFrom(flash, from, goTo), labels, cyclesMax)) };
}

function textOf(lines: readonly Line[], labels: readonly number[], cyclesMax: number): string {
  const cases = lines.map(({ address, text }) => {
    const label = labels.indexOf(address);
    return label < 0 ? text : `case ${label}:${text}`;
  });
  return `(m)=>{const{r,core,sram8,sram16,sram32}=m,limit=m.budget-${cyclesMax};let p=m.pending|0,c=core.C,v=core.V,n=core.N?-1:0,z=core.Z?0:1,x=0,y=0,w=0,k=0;unit:for(;;)switch(k){${cases.join('\n')}
r[15]=${lines.at(-1)!.next | 0};break unit}m.pending=p;core.N=n<0;core.Z=z===0;core.C=c;core.V=v}`;
}

/** The instructions from an address to where nothing goes on, one cannot be translated, or there are enough. */
function linesFrom(flash: Uint16Array, from: number, goTo: (to: number, at: number) => string): Line[] {
  const lines: Line[] = [];
  const targets = new Set<number>();
  let address = from;
  while (lines.length < INSTRUCTIONS_MAX) {
    const halfword = (address - FLASH) >>> 1;
    const at = address;
    const opcode = flash[halfword] ?? 0xffff;
    const go = (to: number) => {
      targets.add(to);
      return goTo(to, at);
    };
    const text = emit({ opcode, second: flash[halfword + 1] ?? 0xffff, address, goTo: go });
    if (text === undefined) break;
    const next = address + (opcode >>> 11 === 0b11110 ? 4 : 2);
    lines.push({ address, next, text, cyclesMax: cyclesMaxOf(opcode) });
    if (leaves(opcode) && !targets.has(next)) break;
    address = next;
  }
  return lines;
}

const functions = new Map<string, Unit['run']>();

function functionOf(text: string): Unit['run'] {
  const known = functions.get(text);
  if (known !== undefined) return known;
  if (functions.size >= KEPT_MAX) functions.clear();
  const made = new Function('loadCycles', 'storeCycles', 'push', 'pop', `return ${text}`);
  const run = made(loadCycles, storeCycles, push, pop) as Unit['run'];
  functions.set(text, run);
  return run;
}
