/** Stamps along the way of a frame, host monotonic µs, and what lies between them. Pure. */
import { quantile } from '../harness/statistics.js';

/** Of the thread of the loop. */
export const loopStamps = [
  'seq',
  /** The board's job has ended: planned release, its own lateness, its job. */
  'preparedUs',
  'readUs',
  'decodedUs',
  'judgedUs',
  'inRingUs',
  'wokenUs',
  /** The chunk is done with. */
  'endedUs',
] as const;
/** Of the thread of the gateway. */
export const outletStamps = ['seq', 'takenUs', 'encodedUs', 'writtenUs'] as const;

/** Rows in a reused array: what is measured must not see the garbage of the measurement. */
export class StampTable {
  readonly #values: Float64Array;
  count = 0;

  constructor(
    readonly columns: number,
    readonly rowsMax: number,
  ) {
    this.#values = new Float64Array(columns * rowsMax);
  }

  /** @returns its index, or -1 when there is no room */
  add(seq: number): number {
    if (this.count === this.rowsMax) return -1;
    this.#values.fill(Number.NaN, this.count * this.columns, (this.count + 1) * this.columns);
    this.#values[this.count * this.columns] = seq;
    return this.count++;
  }

  set(row: number, column: number, value: number): void {
    if (row >= 0) this.#values[row * this.columns + column] = value;
  }

  /** A copy of what is there; begins anew. */
  take(): number[] {
    const taken = [...this.#values.subarray(0, this.count * this.columns)];
    this.count = 0;
    return taken;
  }
}

export interface Stage {
  readonly name: string;
  /** Ascending, µs. */
  readonly us: Float64Array;
}

type Stamps = Readonly<Record<string, number>>;

/** `from` and `to` are stamps; what the loop does behind the ring goes on beside what the outlet does. */
const stages = [
  ['the board has ended its job → the read has returned', 'preparedUs', 'readUs'],
  ['read → decoded', 'readUs', 'decodedUs'],
  ['decoded → judged', 'decodedUs', 'judgedUs'],
  ['judged → in the ring', 'judgedUs', 'inRingUs'],
  ['in the ring → the outlet is told (loop)', 'inRingUs', 'wokenUs'],
  ['what the thread did, for blame (loop)', 'wokenUs', 'endedUs'],
  ['in the ring → the outlet has it', 'inRingUs', 'takenUs'],
  ['the outlet has it → encoded', 'takenUs', 'encodedUs'],
  ['encoded → on the socket', 'encodedUs', 'writtenUs'],
] as const;

/**
 * @param loop rows of `loopStamps`, flat @param outlet rows of `outletStamps`, flat
 * @returns stages of the frames that have all stamps, and how many those are
 */
export function stagesOf(
  loop: readonly (number | null)[],
  outlet: readonly (number | null)[],
): { readonly frames: number; readonly stages: readonly Stage[] } {
  const outletBySeq = new Map(rowsOf(outlet, outletStamps).map((row) => [row.seq, row]));
  const whole = rowsOf(loop, loopStamps)
    .map((row): Stamps => ({ ...row, ...outletBySeq.get(row.seq!) }))
    .filter((row) => stages.every(([, from, to]) => Number.isFinite(row[to]! - row[from]!)));
  return {
    frames: whole.length,
    stages: stages.map(([name, from, to]) => ({
      name,
      us: Float64Array.from(whole, (row) => row[to]! - row[from]!).sort(),
    })),
  };
}

/** IPC makes null of NaN. */
function rowsOf(flat: readonly (number | null)[], columns: readonly string[]): Stamps[] {
  return Array.from({ length: flat.length / columns.length }, (_, row) =>
    Object.fromEntries(columns.map((name, column) => [name, flat[row * columns.length + column] ?? Number.NaN])),
  );
}

export const figuresOf = ({ us }: Stage): { readonly p50_us: number; readonly p99_us: number } => ({
  p50_us: quantile(us, 0.5),
  p99_us: quantile(us, 0.99),
});
