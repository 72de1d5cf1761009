import { crc32 } from './crc32.js';
import type { DataFrame } from './data-frame.js';
import { hexToBytes, parseHex } from './hex.js';
import { dataTextOffsets, type StreamLayout, valueCodes } from './layout.js';
import { type DeviceMessage, entryOfWord, type HostMessage } from './message.js';
import {
  COMMAND_ARGUMENTS_MAX,
  CRC_BYTES,
  DESCRIPTOR_CHUNK_BYTES_MAX,
  type Field,
  fieldBytes,
  TEXT_FIELD_BYTES_MAX,
  TEXT_LINE_BYTES_MAX,
} from './schema.js';

export const BANG = 0x21;
export const DOLLAR = 0x24;
export const STAR = 0x2a;
export const COMMA = 0x2c;
export const LF = 0x0a;
export const CR = 0x0d;
const CRC_DIGITS = 2 * CRC_BYTES;

/** Whether the line `bytes[start..end)`, `$` first and neither CR nor LF at its end, has the right CRC over what is between `$` and `*`. */
export function hasRightTextCrc(bytes: Uint8Array, start: number, end: number): boolean {
  const star = end - CRC_DIGITS - 1;
  if (star <= start + 1 || bytes[star] !== STAR || end + 1 - start > TEXT_LINE_BYTES_MAX) return false;
  return parseHex(bytes, star + 1, CRC_DIGITS) === crc32(bytes, start + 1, star);
}

/** Where the frame line begins that ends before the LF at `lf`, searched back to `from`; -1 when there is none with the right CRC. */
export function frameLineBefore(bytes: Uint8Array, from: number, lf: number): number {
  const end = lf > from && bytes[lf - 1] === CR ? lf - 1 : lf;
  // Cheap test first: in binary bytes an LF is common, an LF with a star nine bytes before it is not.
  if (end - CRC_DIGITS - 1 < from || bytes[end - CRC_DIGITS - 1] !== STAR) return -1;
  const earliest = Math.max(from, lf + 1 - TEXT_LINE_BYTES_MAX);
  for (let start = end - CRC_DIGITS - 2; start >= earliest; start--) {
    if (bytes[start] === DOLLAR) return hasRightTextCrc(bytes, start, end) ? start : -1;
  }
  return -1;
}

/** Fills the frame from a `data` line whose CRC and length (`layout.textBytes`) the caller has checked. False when a digit or comma is missing. */
export function readTextDataFrame(line: Uint8Array, start: number, layout: StreamLayout, frame: DataFrame): boolean {
  const at = dataTextOffsets;
  for (let i = start + at.session; i < start + at.values; i++) {
    if (isCommaInFields[i - start] !== (line[i] === COMMA ? 1 : 0)) return false;
  }
  const session = parseHex(line, start + at.session, 4);
  const stream = parseHex(line, start + at.stream, 2);
  const seq = parseHex(line, start + at.seq, 8);
  const releaseUs = parseHex(line, start + at.releaseUs, 8);
  const lateUs = parseHex(line, start + at.lateUs, 4);
  const execUs = parseHex(line, start + at.execUs, 4);
  const queueBytes = parseHex(line, start + at.queueBytes, 4);
  const flags = parseHex(line, start + at.flags, 2);
  const skipped = parseHex(line, start + at.skipped, 2);
  const dropped = parseHex(line, start + at.dropped, 2);
  if (Math.min(session, stream, seq, releaseUs, lateUs, execUs, queueBytes, flags, skipped, dropped) < 0) return false;
  if (!readTextValues(line, start + at.values, layout, frame.values)) return false;
  frame.session = session;
  frame.stream = stream;
  frame.seq = seq;
  frame.releaseUs = releaseUs;
  frame.lateUs = lateUs;
  frame.execUs = execUs;
  frame.queueBytes = queueBytes;
  frame.flags = flags;
  frame.skipped = skipped;
  frame.dropped = dropped;
  frame.count = layout.count;
  frame.textual = true;
  return true;
}

/** By offset from the `$`: 1 where a `data` line has the comma after a field. */
const isCommaInFields = new Uint8Array(dataTextOffsets.values);
for (const offset of Object.values(dataTextOffsets)) isCommaInFields[offset - 1] = 1;

function readTextValues(line: Uint8Array, from: number, layout: StreamLayout, values: Float64Array): boolean {
  const { codes, scales, offsets, count } = layout;
  let at = from;
  for (let i = 0; i < count; i++) {
    // Codes go in pairs, unsigned and signed, of 1, 2 and 4 bytes.
    const code = codes[i]!;
    const digits = code < valueCodes.u16 ? 2 : code < valueCodes.u32 ? 4 : 8;
    const bits = parseHex(line, at, digits);
    if (bits < 0 || (i + 1 < count && line[at + digits] !== COMMA)) return false;
    const unused = 32 - 4 * digits;
    const raw = code & 1 ? (bits << unused) >> unused : bits;
    values[i] = raw * scales[i]! + offsets[i]!;
    at += digits + 1;
  }
  return true;
}

/**
 * Decodes a message other than `data` from the line `bytes[start..end)` (`$` or `!` first, no CR, no LF), whose CRC the
 * caller has checked. Returns undefined when the word is unknown or the fields are not exactly those of the message.
 */
export function decodeText(bytes: Uint8Array, start: number, end: number): DeviceMessage | HostMessage | undefined {
  const [word, ...fields] = bodyOf(bytes, start, end).split(',');
  const entry = entryOfWord(word!);
  if (entry === undefined || entry.name === 'data') return undefined;
  const message: Record<string, unknown> = { name: entry.name };
  for (const field of entry.fields) {
    const value = readTextField(fields, field);
    if (value === undefined) return undefined;
    message[field.name] = value;
  }
  return fields.length === 0 ? (message as unknown as DeviceMessage | HostMessage) : undefined;
}

/** Whether the schema knows the word of this line. */
export function hasKnownWord(bytes: Uint8Array, start: number, end: number): boolean {
  return entryOfWord(bodyOf(bytes, start, end).split(',', 1)[0]!) !== undefined;
}

/** What is between `$` and `*`, one character a byte. */
function bodyOf(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start + 1, end - CRC_DIGITS - 1));
}

/** Takes what the field needs from the front of `fields`. */
function readTextField(fields: string[], field: Field): unknown {
  const first = fields.shift();
  if (first === undefined) return undefined;
  switch (field.type) {
    case 'text':
      return percentDecode(first);
    case 'bytes': {
      const data = hexToBytes(first);
      return data && data.length <= DESCRIPTOR_CHUNK_BYTES_MAX ? data : undefined;
    }
    case 'i32s': {
      const count = hexNumber(first, 2);
      if (count === undefined || count > COMMAND_ARGUMENTS_MAX) return undefined;
      const numbers = fields.splice(0, count).map((digits) => hexNumber(digits, 8));
      if (numbers.length < count || numbers.includes(undefined)) return undefined;
      return numbers.map((number) => number! | 0);
    }
    default: {
      const digits = 2 * fieldBytes[field.type];
      if (field.opaque) return hexNumber(first, digits) === undefined ? undefined : first;
      return hexNumber(first, digits);
    }
  }
}

/** At most 16 digits; exact up to 2^53. */
function hexNumber(text: string, digits: number): number | undefined {
  return text.length === digits && /^[0-9A-F]+$/.test(text) ? Number.parseInt(text, 16) : undefined;
}

function percentDecode(text: string): string | undefined {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '%') {
      bytes.push(text.charCodeAt(i));
      continue;
    }
    const byte = hexNumber(text.slice(i + 1, i + 3), 2);
    if (byte === undefined) return undefined;
    bytes.push(byte);
    i += 2;
  }
  return bytes.length <= TEXT_FIELD_BYTES_MAX ? new TextDecoder().decode(Uint8Array.from(bytes)) : undefined;
}
