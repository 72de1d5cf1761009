import type { FrameRecord } from '../feed/frame.js';
import { originUs } from '../messages/newest-frame.js';
import {
  COLUMNS_VERSION,
  columnIndex,
  columnsBytes,
  FIXED_COLUMNS,
  GROUP_BYTES,
  HEADER_BYTES,
} from '../sdk/columns.js';

/** Frames that one `frames` event carries at most; more make another event. */
export const BATCH_ROWS_MAX = 256;

/** Rows of one stream and one boot, column by column, in reused arrays. */
class GroupBuilder {
  rows = 0;
  stream = 0;
  boot = 0;
  signals = 0;
  lifespanUs = 0;
  /** Column c begins at c * BATCH_ROWS_MAX. */
  columns = new Float64Array(0);
  readonly status = new Uint32Array(BATCH_ROWS_MAX);
  readonly judgedUs = new Float64Array(BATCH_ROWS_MAX);

  begin(frame: FrameRecord): void {
    this.rows = 0;
    this.stream = frame.stream;
    this.boot = frame.boot;
    this.signals = frame.count;
    const needed = (FIXED_COLUMNS + frame.count) * BATCH_ROWS_MAX;
    if (this.columns.length < needed) this.columns = new Float64Array(needed);
  }

  takes(frame: FrameRecord): boolean {
    return frame.stream === this.stream && frame.boot === this.boot && frame.count === this.signals;
  }

  add(frame: FrameRecord, utcOffsetUs: number): void {
    const { columns } = this;
    const row = this.rows++;
    this.lifespanUs = frame.lifespanUs;
    this.judgedUs[row] = frame.judgedUs;
    columns[columnIndex.seq * BATCH_ROWS_MAX + row] = frame.seq;
    columns[columnIndex.releaseUs * BATCH_ROWS_MAX + row] = frame.releaseUs;
    columns[columnIndex.utcUs * BATCH_ROWS_MAX + row] = originUs(frame) + utcOffsetUs;
    columns[columnIndex.latenessUs * BATCH_ROWS_MAX + row] = frame.latenessUs;
    columns[columnIndex.uncertaintyUs * BATCH_ROWS_MAX + row] = frame.uncertaintyUs;
    let at = FIXED_COLUMNS * BATCH_ROWS_MAX + row;
    for (let i = 0; i < frame.count; i++, at += BATCH_ROWS_MAX) columns[at] = frame.values[i]!;
    this.status[row] = frame.verdict | (frame.culprit << 8) | (frame.flags << 16);
  }
}

/** Collects frames of one board and encodes them as one binary `frames` payload. Reused; grows to at most 256 rows a group. */
export class FrameBatch {
  private readonly builders: GroupBuilder[] = [];
  private groups = 0;
  private last: GroupBuilder | undefined;
  rows = 0;
  /** Bit n: there are frames of stream n. */
  streams = 0;
  /** Host monotonic: when the oldest frame of the batch was judged. */
  oldestJudgedUs = 0;
  /** Where the batch begins and ends in the feed; a client resumes at the end. */
  fromOffset = 0;
  toOffset = 0;

  get isFull(): boolean {
    return this.rows >= BATCH_ROWS_MAX;
  }

  /** @param nextOffset offset in the feed just past this frame */
  add(frame: FrameRecord, offset: number, nextOffset: number, utcOffsetUs: number): void {
    if (this.rows === 0) {
      this.oldestJudgedUs = frame.judgedUs;
      this.fromOffset = offset;
    }
    this.rows++;
    this.toOffset = nextOffset;
    if (this.last === undefined || !this.last.takes(frame)) this.last = this.groupOf(frame);
    this.last.add(frame, utcOffsetUs);
  }

  private groupOf(frame: FrameRecord): GroupBuilder {
    for (let i = 0; i < this.groups; i++) if (this.builders[i]!.takes(frame)) return this.builders[i]!;
    let group = this.builders[this.groups];
    if (group === undefined) {
      group = new GroupBuilder();
      this.builders.push(group);
    }
    this.groups++;
    this.streams |= 1 << frame.stream;
    group.begin(frame);
    return group;
  }

  clear(): void {
    this.rows = 0;
    this.streams = 0;
    this.groups = 0;
    this.last = undefined;
  }

  /** Of the payload that `write` writes. */
  get bytes(): number {
    let bytes = HEADER_BYTES + this.groups * GROUP_BYTES;
    for (let i = 0; i < this.groups; i++) bytes += columnsBytes(this.builders[i]!.rows, this.builders[i]!.signals);
    return bytes;
  }

  /** Writes the payload as `columns.ts` describes it, at the end of `out`. By a view of bytes: one for each column takes longer. */
  write(out: Uint8Array, epoch: number, sentUtcUs: number): void {
    const { bytes } = this;
    const view = new DataView(out.buffer, out.byteOffset + out.length - bytes, bytes);
    view.setUint8(0, COLUMNS_VERSION);
    view.setUint8(1, this.groups);
    view.setUint16(2, 0);
    view.setUint32(4, epoch, true);
    view.setFloat64(8, this.toOffset, true);
    view.setFloat64(16, sentUtcUs, true);
    let at = HEADER_BYTES + this.groups * GROUP_BYTES;
    for (let i = 0; i < this.groups; i++) at = this.writeGroup(view, i, at);
  }

  private writeGroup(view: DataView, index: number, start: number): number {
    const group = this.builders[index]!;
    const { columns, status, rows } = group;
    const head = HEADER_BYTES + index * GROUP_BYTES;
    view.setUint8(head, group.stream);
    view.setUint8(head + 1, group.signals);
    view.setUint16(head + 2, rows, true);
    view.setUint32(head + 4, group.boot, true);
    view.setFloat64(head + 8, group.lifespanUs, true);
    view.setUint32(head + 16, start / 8, true);
    view.setUint32(head + 20, 0);
    let at = start;
    for (let c = 0; c < FIXED_COLUMNS + group.signals; c++) {
      const from = c * BATCH_ROWS_MAX;
      for (let row = 0; row < rows; row++, at += 8) view.setFloat64(at, columns[from + row]!, true);
    }
    for (let row = 0; row < rows; row++, at += 4) view.setUint32(at, status[row]!, true);
    const end = start + columnsBytes(rows, group.signals);
    if (at < end) view.setUint32(at, 0);
    return end;
  }

  /** Rows by stream. */
  rowsByStream(tell: (stream: number, rows: number) => void): void {
    for (let i = 0; i < this.groups; i++) tell(this.builders[i]!.stream, this.builders[i]!.rows);
  }

  /** How many rows of each stream were judged longer ago than the budget of the stream. */
  late(nowUs: number, budgetUs: (stream: number) => number, tell: (stream: number, rows: number) => void): void {
    for (let i = 0; i < this.groups; i++) {
      const { stream, judgedUs, rows } = this.builders[i]!;
      const beforeUs = nowUs - budgetUs(stream);
      // Rows are in the order in which they were judged: the late ones come first.
      let late = 0;
      while (late < rows && judgedUs[late]! < beforeUs) late++;
      if (late > 0) tell(stream, late);
    }
  }

  /** The rows in order of arrival within each stream and boot, for the JSON form. */
  visit(row: (group: FrameGroup, index: number) => void): void {
    for (let i = 0; i < this.groups; i++) {
      const group = this.builders[i]!;
      for (let index = 0; index < group.rows; index++) row(group, index);
    }
  }
}

/** A group while it is being encoded. Column c of row r is `columns[c * BATCH_ROWS_MAX + r]`. */
export type FrameGroup = Pick<GroupBuilder, 'stream' | 'boot' | 'signals' | 'lifespanUs' | 'columns' | 'status'>;
