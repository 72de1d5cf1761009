import { crc32Signed } from './crc32.js';
import type { DataFrame } from './data-frame.js';
import { bytesToHex } from './hex.js';
import { dataOffsets, type StreamLayout, valueCodes } from './layout.js';
import { type DeviceMessage, entryOfKind, type HostMessage } from './message.js';
import {
  COMMAND_ARGUMENTS_MAX,
  CRC_BYTES,
  DESCRIPTOR_CHUNK_BYTES_MAX,
  type Field,
  fieldBytes,
  KIND_BYTES,
  TEXT_FIELD_BYTES_MAX,
} from './schema.js';

export function readU16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

function readI32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function readU32(bytes: Uint8Array, at: number): number {
  return readI32(bytes, at) >>> 0;
}

/** Whether `bytes[0..length)` ends with the CRC of what is before it. */
export function hasRightCrc(bytes: Uint8Array, length: number): boolean {
  if (length < KIND_BYTES + CRC_BYTES) return false;
  return crc32Signed(bytes, 0, length - CRC_BYTES) === readI32(bytes, length - CRC_BYTES);
}

/** Fills the frame from a `data` message whose CRC and length (`layout.binaryBytes`) the caller has checked. */
export function readDataFrame(bytes: Uint8Array, layout: StreamLayout, frame: DataFrame): void {
  frame.session = readU16(bytes, dataOffsets.session);
  frame.stream = bytes[dataOffsets.stream]!;
  // Not `readU32`: what it returns is boxed from 2^31 on, wherever the call is not inlined.
  frame.seq = readI32(bytes, dataOffsets.seq) >>> 0;
  frame.releaseUs = readI32(bytes, dataOffsets.releaseUs) >>> 0;
  frame.lateUs = readU16(bytes, dataOffsets.lateUs);
  frame.execUs = readU16(bytes, dataOffsets.execUs);
  frame.queueBytes = readU16(bytes, dataOffsets.queueBytes);
  frame.flags = bytes[dataOffsets.flags]!;
  frame.skipped = bytes[dataOffsets.skipped]!;
  frame.dropped = bytes[dataOffsets.dropped]!;
  frame.count = layout.count;
  frame.textual = false;
  readValues(bytes, layout, frame.values);
}

/** The raw number waits in `values`: in a variable that another branch fills with an integer V8 would box a wide one. */
function readValues(bytes: Uint8Array, layout: StreamLayout, values: Float64Array): void {
  const { codes, scales, offsets, count } = layout;
  let at = dataOffsets.values;
  for (let i = 0; i < count; i++) {
    switch (codes[i]) {
      case valueCodes.u8:
        values[i] = bytes[at]!;
        at += 1;
        break;
      case valueCodes.i8:
        values[i] = (bytes[at]! << 24) >> 24;
        at += 1;
        break;
      case valueCodes.u16:
        values[i] = readU16(bytes, at);
        at += 2;
        break;
      case valueCodes.i16:
        values[i] = (readU16(bytes, at) << 16) >> 16;
        at += 2;
        break;
      case valueCodes.u32:
        values[i] = readI32(bytes, at) >>> 0;
        at += 4;
        break;
      default:
        values[i] = readI32(bytes, at);
        at += 4;
    }
    values[i] = values[i]! * scales[i]! + offsets[i]!;
  }
}

/**
 * Decodes a message other than `data` from `bytes[0..length)`, whose CRC the caller has checked.
 * Returns undefined when the kind is unknown or the bytes do not fit its fields exactly.
 */
export function decodeBinary(bytes: Uint8Array, length: number): DeviceMessage | HostMessage | undefined {
  const entry = entryOfKind(bytes[0]!);
  if (entry === undefined || entry.name === 'data') return undefined;
  const cursor = { bytes, at: KIND_BYTES, end: length - CRC_BYTES };
  const message: Record<string, unknown> = { name: entry.name };
  for (const field of entry.fields) {
    const value = readField(cursor, field);
    if (value === undefined) return undefined;
    message[field.name] = value;
  }
  return cursor.at === cursor.end ? (message as unknown as DeviceMessage | HostMessage) : undefined;
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
}

/** Moves the cursor over `length` bytes and returns where they begin, or -1 when they reach beyond the message. */
function take(cursor: Cursor, length: number): number {
  const at = cursor.at;
  if (at + length > cursor.end) return -1;
  cursor.at += length;
  return at;
}

function readField(cursor: Cursor, field: Field): unknown {
  switch (field.type) {
    case 'text': {
      const data = readCounted(cursor, 1, TEXT_FIELD_BYTES_MAX);
      return data && new TextDecoder().decode(data);
    }
    case 'bytes':
      return readCounted(cursor, 1, DESCRIPTOR_CHUNK_BYTES_MAX)?.slice();
    case 'i32s': {
      const data = readCounted(cursor, 4, COMMAND_ARGUMENTS_MAX);
      return data && Array.from({ length: data.length / 4 }, (_, i) => readI32(data, 4 * i));
    }
    default: {
      const size = fieldBytes[field.type];
      const at = take(cursor, size);
      if (at < 0) return undefined;
      if (field.opaque) return bytesToHex(cursor.bytes.slice(at, at + size).reverse());
      if (size === 8) return readU32(cursor.bytes, at + 4) * 2 ** 32 + readU32(cursor.bytes, at);
      if (size === 4) return readU32(cursor.bytes, at);
      return size === 2 ? readU16(cursor.bytes, at) : cursor.bytes[at];
    }
  }
}

/** A u8 count of at most `countMax`, and so many items of `itemBytes`: a view of their bytes. */
function readCounted(cursor: Cursor, itemBytes: number, countMax: number): Uint8Array | undefined {
  const countAt = take(cursor, 1);
  if (countAt < 0) return undefined;
  const count = cursor.bytes[countAt]!;
  if (count > countMax) return undefined;
  const at = take(cursor, count * itemBytes);
  return at < 0 ? undefined : cursor.bytes.subarray(at, at + count * itemBytes);
}
