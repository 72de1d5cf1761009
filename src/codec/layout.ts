import type { StreamDescriptor } from './descriptor.js';
import { CRC_BYTES, fieldBytes, KIND_BYTES, messages, type ValueType, valueBytes } from './schema.js';

/** Numbers for `switch` on the hot path. */
export const valueCodes = { u8: 0, i8: 1, u16: 2, i16: 3, u32: 4, i32: 5 } as const satisfies Record<ValueType, number>;

/** What a value type can hold, inclusive. */
export const valueRanges = {
  u8: { min: 0, max: 0xff },
  i8: { min: -0x80, max: 0x7f },
  u16: { min: 0, max: 0xffff },
  i16: { min: -0x8000, max: 0x7fff },
  u32: { min: 0, max: 0xffff_ffff },
  i32: { min: -0x8000_0000, max: 0x7fff_ffff },
} as const satisfies Record<ValueType, { min: number; max: number }>;

/** Everything about a stream's `data` message that can be computed once, when its descriptor arrives. */
export interface StreamLayout {
  readonly stream: number;
  readonly count: number;
  /** `valueCodes`, one a signal. */
  readonly codes: Uint8Array;
  readonly scales: Float64Array;
  readonly offsets: Float64Array;
  /** Exact length of the binary message before COBS, kind byte and CRC included. */
  readonly binaryBytes: number;
  /** Exact length of the text line from `$` to the last digit of the CRC, without CR and LF. */
  readonly textBytes: number;
}

type DataField = (typeof messages.data.fields)[number]['name'];

/** Byte offsets of the fields of `data` in its binary form, and where the values begin. */
export const dataOffsets = binaryOffsets();
/** The same for the text form, counted from the `$`: `$D,` and then each field and its comma. */
export const dataTextOffsets = textOffsets();

function binaryOffsets(): Readonly<Record<DataField | 'values', number>> {
  const offsets: Record<string, number> = {};
  let at = KIND_BYTES;
  for (const field of messages.data.fields) {
    offsets[field.name] = at;
    at += fieldBytes[field.type];
  }
  return { ...(offsets as Record<DataField, number>), values: at };
}

function textOffsets(): Readonly<Record<DataField | 'values', number>> {
  const offsets: Record<string, number> = {};
  let at = 1 + messages.data.word.length + 1;
  for (const field of messages.data.fields) {
    offsets[field.name] = at;
    at += 2 * fieldBytes[field.type] + 1;
  }
  return { ...(offsets as Record<DataField, number>), values: at };
}

/** Length of a stream's binary `data` message before COBS, and of its text line without CR and LF. */
export function dataBytes(types: readonly ValueType[]): { binary: number; text: number } {
  const values = types.reduce((sum, type) => sum + valueBytes[type], 0);
  return {
    binary: dataOffsets.values + values + CRC_BYTES,
    // Each value takes two digits a byte and a comma before it; the comma before the first one is already in the offset.
    text: dataTextOffsets.values - 1 + 2 * values + types.length + 1 + 2 * CRC_BYTES,
  };
}

export function compileLayout(stream: StreamDescriptor): StreamLayout {
  const { signals } = stream;
  const types = signals.map((signal) => signal.type);
  const bytes = dataBytes(types);
  return {
    stream: stream.id,
    count: signals.length,
    codes: Uint8Array.from(types, (type) => valueCodes[type]),
    scales: Float64Array.from(signals, (signal) => signal.scale),
    offsets: Float64Array.from(signals, (signal) => signal.offset),
    binaryBytes: bytes.binary,
    textBytes: bytes.text,
  };
}
