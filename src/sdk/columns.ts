/**
 * The binary form of a `frames` event: columns, so that a client maps them without parsing a row. Pure, and shared by
 * both ends. All little-endian, every column aligned to 8 bytes from the start of the payload.
 *
 *   header, 24 bytes   u8 version = 1 · u8 groups · u16 0 · u32 epoch · f64 offset · f64 sentUtcUs
 *   per group, 24      u8 stream · u8 signals · u16 rows · u32 boot · f64 lifespanUs · u32 columns start / 8 · u32 0
 *   columns of a group f64[rows] each: seq, releaseUs, utcUs, latenessUs, uncertaintyUs, then one per signal;
 *                      then u32[rows] status (verdict | culprit << 8 | flags << 16), padded to 8 bytes
 *
 * A group is the frames of one stream and one boot, in order. `offset` is where to resume: just past the newest frame.
 * `utcUs` is the release in UTC, NaN while the board's clock is not known. The age of a frame when it was sent is
 * sentUtcUs - utcUs: both come from the bridge, so a client needs no clock of its own to know it.
 */

export const COLUMNS_VERSION = 1;
export const HEADER_BYTES = 24;
export const GROUP_BYTES = 24;
/** seq, releaseUs, utcUs, latenessUs, uncertaintyUs. */
export const FIXED_COLUMNS = 5;
export const columnIndex = { seq: 0, releaseUs: 1, utcUs: 2, latenessUs: 3, uncertaintyUs: 4 } as const;

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * Frames of one stream and one boot. The columns are views of the received buffer; copy what must outlive it. A view
 * is made each time one is asked for (0.3 us): keep it in a variable for a loop, or take single values by `at`.
 */
export interface FrameColumns {
  readonly stream: number;
  readonly boot: number;
  readonly rows: number;
  readonly signals: number;
  readonly lifespanUs: number;
  /** One value, without a view. NaN outside of the rows and signals. */
  at(signal: number, row: number): number;
  /** Signal i is `values[i]`. */
  readonly values: readonly Float64Array[];
  readonly seq: Float64Array;
  readonly releaseUs: Float64Array;
  readonly utcUs: Float64Array;
  readonly latenessUs: Float64Array;
  readonly uncertaintyUs: Float64Array;
  /** verdict | culprit << 8 | flags << 16 */
  readonly status: Uint32Array;
}

export interface FrameBatchColumns {
  /** 8 hex digits. */
  readonly epoch: string;
  readonly offset: number;
  readonly sentUtcUs: number;
  readonly groups: readonly FrameColumns[];
}

/** What `groupBytes` rows of so many signals take. */
export function columnsBytes(rows: number, signals: number): number {
  return rows * 8 * (FIXED_COLUMNS + signals) + Math.ceil(rows / 2) * 8;
}

/** Columns are made on demand: a client that plots one signal pays for one. */
class Group implements FrameColumns {
  constructor(
    private readonly buffer: ArrayBuffer,
    /** Of the whole payload. */
    private readonly cells: Float64Array,
    private readonly startCell: number,
    private readonly startBytes: number,
    readonly stream: number,
    readonly signals: number,
    readonly rows: number,
    readonly boot: number,
    readonly lifespanUs: number,
  ) {}

  at(signal: number, row: number): number {
    if (!(row < this.rows && signal < this.signals)) return Number.NaN;
    return this.cells[this.startCell + (FIXED_COLUMNS + signal) * this.rows + row] ?? Number.NaN;
  }

  private column(index: number): Float64Array {
    return new Float64Array(this.buffer, this.startBytes + index * this.rows * 8, this.rows);
  }

  get seq(): Float64Array {
    return this.column(columnIndex.seq);
  }
  get releaseUs(): Float64Array {
    return this.column(columnIndex.releaseUs);
  }
  get utcUs(): Float64Array {
    return this.column(columnIndex.utcUs);
  }
  get latenessUs(): Float64Array {
    return this.column(columnIndex.latenessUs);
  }
  get uncertaintyUs(): Float64Array {
    return this.column(columnIndex.uncertaintyUs);
  }
  get values(): readonly Float64Array[] {
    return Array.from({ length: this.signals }, (_, i) => this.column(FIXED_COLUMNS + i));
  }
  get status(): Uint32Array {
    return new Uint32Array(this.buffer, this.startBytes + (FIXED_COLUMNS + this.signals) * this.rows * 8, this.rows);
  }
}

/**
 * @param payload of a binary `frames` event; copied when it does not begin on a multiple of 8 of its buffer.
 * @returns undefined when it is not one (another version, or lengths that do not add up). Never throws on data.
 * @throws Error on a big-endian machine, where the columns cannot be mapped.
 */
export function decodeFrames(payload: Uint8Array): FrameBatchColumns | undefined {
  if (!LITTLE_ENDIAN) throw new Error('binary frames need a little-endian machine: join with encoding "json"');
  if (payload.length < HEADER_BYTES || payload[0] !== COLUMNS_VERSION) return undefined;
  const aligned =
    payload.byteOffset % 8 === 0 && payload.buffer instanceof ArrayBuffer ? payload : Uint8Array.from(payload);
  const buffer = aligned.buffer as ArrayBuffer;
  const view = new DataView(buffer, aligned.byteOffset, aligned.length);
  const count = aligned[1]!;
  if (aligned.length < HEADER_BYTES + count * GROUP_BYTES) return undefined;
  const groups: FrameColumns[] = [];
  const cells = new Float64Array(buffer, aligned.byteOffset, aligned.length >> 3);
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * GROUP_BYTES;
    const signals = aligned[at + 1]!;
    const rows = view.getUint16(at + 2, true);
    const start = view.getUint32(at + 16, true) * 8;
    if (start + columnsBytes(rows, signals) > aligned.length) return undefined;
    const boot = view.getUint32(at + 4, true);
    const lifespanUs = view.getFloat64(at + 8, true);
    groups.push(
      new Group(buffer, cells, start / 8, aligned.byteOffset + start, aligned[at]!, signals, rows, boot, lifespanUs),
    );
  }
  return {
    epoch: view.getUint32(4, true).toString(16).padStart(8, '0'),
    offset: view.getFloat64(8, true),
    sentUtcUs: view.getFloat64(16, true),
    groups,
  };
}
