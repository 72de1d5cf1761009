/** What the bridge under test is told, and what it leaves behind. */
import type { StreamDescriptor } from '#dist/codec/descriptor.js';

export type Order =
  | { readonly type: 'block' | 'sleep'; readonly ms: number }
  | { readonly type: 'heap'; readonly objects: number }
  | { readonly type: 'command'; readonly name: string; readonly value: number }
  | { readonly type: 'finish'; readonly file: string };

/** The session that the frames carry. */
export interface Ready {
  readonly tag: number;
  readonly streams: readonly StreamDescriptor[];
  /** Host monotonic; from here on the line is binary. */
  readonly atUs: number;
}

/** What was delivered late, as the bridge told it. */
export interface DeliveryRow {
  readonly outlet: string;
  readonly client: string | null;
  readonly culprit: string;
  readonly count: number;
  readonly atUs: number;
}

/** One row each: f64. */
export const frameColumns = ['seq', 'judgedUs', 'verdict'] as const;
export const missColumns = [
  ...(['isGap', 'verdict', 'firstSeq', 'lastSeq', 'count', 'culprit', 'cause', 'fromUs', 'toUs'] as const),
  ...(['firmwareUs', 'linkUs', 'hostUs', 'doubtUs', 'uncertaintyUs', 'latenessUs', 'skippedDelta'] as const),
] as const;

export type FrameRow = Record<(typeof frameColumns)[number], number>;
export type MissRow = Record<(typeof missColumns)[number], number>;

export function rows<Column extends string>(bytes: Buffer, columns: readonly Column[]): Record<Column, number>[] {
  const values = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
  return Array.from(
    { length: values.length / columns.length },
    (_, row) =>
      Object.fromEntries(columns.map((column, i) => [column, values[row * columns.length + i]!])) as Record<
        Column,
        number
      >,
  );
}
