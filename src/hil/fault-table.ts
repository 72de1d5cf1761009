/** Which fault can be made where. docs/hil.md shows this table; asking for what is not applicable skips the test with the reason. */

/** Where bytes can be touched: between an emulated board and the loop, between two pseudo-terminals, before a real port. */
export const backEnds = ['virtual', 'pty', 'port'] as const;
export type BackEnd = (typeof backEnds)[number];

/** How it is done, or why it cannot be. */
export type Support = { readonly by: string } | { readonly na: string };

export interface FaultRow extends Readonly<Record<BackEnd, Support>> {
  readonly what: string;
}

const bytes: Readonly<Record<BackEnd, Support>> = {
  virtual: { by: 'bytes' },
  pty: { by: 'bytes' },
  port: { by: 'bytes' },
};
const anotherClock = 'it would set the clock of this machine, for every program on it';

export const faultTable = {
  drop: { what: 'bytes vanish', ...bytes },
  flip: { what: 'one bit of a byte is inverted', ...bytes },
  duplicate: { what: 'a byte comes twice', ...bytes },
  insert: { what: 'a byte that nobody sent', ...bytes },
  burst: { what: 'the next bytes are noise', ...bytes },
  split: { what: 'a chunk comes in two, some time apart', ...bytes },
  stall: { what: 'nothing for a time, then all at once', ...bytes },
  throttle: { what: 'a slower line: bytes pile up', ...bytes },
  cut: { what: 'one direction is dead until `mend`', ...bytes },
  baudDrift: {
    what: "the host's rate leaves the board's",
    virtual: { by: "bit times of the emulated board's UART, its framing errors counted" },
    pty: { by: 'each character as a receiver of that rate samples it' },
    port: { by: 'each character as a receiver of that rate samples it' },
  },
  swap: {
    what: 'another board is at the end of the line',
    virtual: { by: 'a second emulated board, just powered on' },
    pty: { by: 'a second board of the same kind' },
    port: { na: 'two real boards change places only by a hand' },
  },
  unplug: {
    what: 'the port disappears, and comes back',
    virtual: { by: 'the loop is told, the line is dead' },
    pty: { by: 'the pseudo-terminal is closed; a new one takes its name' },
    port: { by: "the bridge's pseudo-terminal is closed; the adapter stays powered" },
  },
  clockStep: {
    what: "the host's clocks jump",
    virtual: { by: 'the clocks that the loop is given' },
    pty: { na: anotherClock },
    port: { na: anotherClock },
  },
} as const satisfies Record<string, FaultRow>;

export type Fault = keyof typeof faultTable;

/** @returns why this fault cannot be made there; null when it can */
export function notApplicable(fault: Fault, backEnd: BackEnd): string | null {
  const support: Support = faultTable[fault][backEnd];
  return 'na' in support ? `n/a: ${support.na}` : null;
}

/** The rows as docs/hil.md shows them. */
export function faultTableText(): string {
  const cell = (support: Support) => ('na' in support ? `n/a: ${support.na}` : support.by);
  const rows = Object.entries(faultTable).map(
    ([name, row]: [string, FaultRow]) =>
      `| \`${name}\` | ${row.what} | ${backEnds.map((backEnd) => cell(row[backEnd])).join(' | ')} |`,
  );
  return [
    '| fault | what | virtual time | pseudo-terminal | real port |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
