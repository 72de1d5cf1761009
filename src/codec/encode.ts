import { cobsBytesMax, cobsEncode } from './cobs.js';
import { crc32 } from './crc32.js';
import { bytesToHex, toHex } from './hex.js';
import { valueRanges } from './layout.js';
import type { AnyMessage, DataMessage } from './message.js';
import {
  BINARY_MESSAGE_BYTES_MAX,
  COMMAND_ARGUMENTS_MAX,
  CRC_BYTES,
  DESCRIPTOR_CHUNK_BYTES_MAX,
  type Encoding,
  type Field,
  fieldBytes,
  type MessageSchema,
  messages,
  TEXT_FIELD_BYTES_MAX,
  TEXT_LINE_BYTES_MAX,
  valueBytes,
} from './schema.js';

const utf8 = new TextEncoder();

/**
 * One line: `$WORD,field,…*CRC` and LF from a device, `!WORD…` from a host.
 * @throws RangeError when a value does not fit its field, or the line is longer than `TEXT_LINE_BYTES_MAX`.
 */
export function encodeText(message: AnyMessage): Uint8Array {
  const schema: MessageSchema = messages[message.name];
  const parts = [schema.word];
  for (const field of schema.fields) parts.push(...textField(message.name, field, fieldOf(message, field)));
  if (message.name === 'data') {
    for (const { bits, bytes } of dataValues(message)) parts.push(toHex(bits, 2 * bytes));
  }
  const body = utf8.encode(parts.join(','));
  const start = schema.direction === 'device' ? '$' : '!';
  const line = utf8.encode(`${start}${parts.join(',')}*${toHex(crc32(body), 2 * CRC_BYTES)}\n`);
  if (line.length > TEXT_LINE_BYTES_MAX) {
    throw new RangeError(
      `${message.name} takes ${line.length} bytes as text, a line has at most ${TEXT_LINE_BYTES_MAX}: send it in binary`,
    );
  }
  return line;
}

/**
 * One binary frame as it goes over the wire: 0x00 (ends what noise on an idle line may have begun), COBS, 0x00.
 * @throws RangeError when a value does not fit its field.
 */
export function encodeBinary(message: AnyMessage): Uint8Array {
  const body = binaryMessage(message);
  const wire = new Uint8Array(cobsBytesMax(body.length) + 2);
  const end = cobsEncode(body, 0, body.length, wire, 1);
  return wire.subarray(0, end + 1);
}

/** In the encoding of the session. @throws as `encodeText` and `encodeBinary` do */
export function encode(message: AnyMessage, encoding: Encoding): Uint8Array {
  return encoding === 'binary' ? encodeBinary(message) : encodeText(message);
}

/** Kind byte, fields, values and CRC, before COBS. */
export function binaryMessage(message: AnyMessage): Uint8Array {
  const schema: MessageSchema = messages[message.name];
  const bytes = [schema.kind];
  for (const field of schema.fields) binaryField(bytes, message.name, field, fieldOf(message, field));
  if (message.name === 'data') {
    for (const value of dataValues(message)) pushInteger(bytes, value.bits, value.bytes);
  }
  pushInteger(bytes, crc32(Uint8Array.from(bytes)), CRC_BYTES);
  if (bytes.length > BINARY_MESSAGE_BYTES_MAX) {
    throw new RangeError(
      `${message.name} takes ${bytes.length} bytes, at most ${BINARY_MESSAGE_BYTES_MAX} fit a frame`,
    );
  }
  return Uint8Array.from(bytes);
}

function fieldOf(message: AnyMessage, field: Field): unknown {
  return (message as unknown as Readonly<Record<string, unknown>>)[field.name];
}

function textField(owner: string, field: Field, value: unknown): string[] {
  switch (field.type) {
    case 'text':
      return [percentEncode(checkedText(owner, field, value))];
    case 'bytes':
      return [bytesToHex(checkedBytes(owner, field, value))];
    case 'i32s': {
      const numbers = checkedArguments(owner, field, value);
      return [toHex(numbers.length, 2), ...numbers.map((number) => toHex(number >>> 0, 8))];
    }
    default: {
      const digits = 2 * fieldBytes[field.type];
      return [field.opaque ? checkedOpaque(owner, field, value) : toHex(checkedInteger(owner, field, value), digits)];
    }
  }
}

function binaryField(bytes: number[], owner: string, field: Field, value: unknown): void {
  switch (field.type) {
    case 'text': {
      const text = checkedText(owner, field, value);
      bytes.push(text.length, ...text);
      return;
    }
    case 'bytes': {
      const data = checkedBytes(owner, field, value);
      bytes.push(data.length, ...data);
      return;
    }
    case 'i32s': {
      const numbers = checkedArguments(owner, field, value);
      bytes.push(numbers.length);
      for (const number of numbers) pushInteger(bytes, number >>> 0, 4);
      return;
    }
    default: {
      if (!field.opaque) {
        pushInteger(bytes, checkedInteger(owner, field, value), fieldBytes[field.type]);
        return;
      }
      const digits = checkedOpaque(owner, field, value);
      pushInteger(bytes, Number.parseInt(digits.slice(8), 16), 4);
      pushInteger(bytes, Number.parseInt(digits.slice(0, 8), 16), 4);
    }
  }
}

/** Little-endian; division instead of shifts, because a u64 has more than 32 bits. */
function pushInteger(bytes: number[], value: number, length: number): void {
  let rest = value;
  for (let i = 0; i < length; i++) {
    bytes.push(rest % 256);
    rest = Math.floor(rest / 256);
  }
}

/** Everything that would disturb the framing, and everything unreadable, as %XX of its UTF-8 bytes. */
function percentEncode(text: Uint8Array): string {
  let encoded = '';
  for (const byte of text) {
    const char = String.fromCharCode(byte);
    encoded += byte < 0x20 || byte > 0x7e || '$!*,%'.includes(char) ? `%${toHex(byte, 2)}` : char;
  }
  return encoded;
}

function checkedInteger(owner: string, field: Field, value: unknown): number {
  const bytes = fieldBytes[field.type as keyof typeof fieldBytes];
  const max = Math.min(2 ** (8 * bytes) - 1, Number.MAX_SAFE_INTEGER);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`${owner}.${field.name} is ${value}, must be an integer from 0 to ${max}`);
}

function checkedOpaque(owner: string, field: Field, value: unknown): string {
  if (typeof value === 'string' && /^[0-9A-F]{16}$/.test(value)) return value;
  throw new RangeError(`${owner}.${field.name} is ${value}, must be 16 upper-case hex digits`);
}

function checkedText(owner: string, field: Field, value: unknown): Uint8Array {
  const bytes = utf8.encode(String(value));
  if (bytes.length <= TEXT_FIELD_BYTES_MAX) return bytes;
  throw new RangeError(
    `${owner}.${field.name} has ${bytes.length} bytes of UTF-8, at most ${TEXT_FIELD_BYTES_MAX} fit`,
  );
}

function checkedBytes(owner: string, field: Field, value: unknown): Uint8Array {
  if (value instanceof Uint8Array && value.length <= DESCRIPTOR_CHUNK_BYTES_MAX) return value;
  throw new RangeError(`${owner}.${field.name} must be at most ${DESCRIPTOR_CHUNK_BYTES_MAX} bytes`);
}

function checkedArguments(owner: string, field: Field, value: unknown): readonly number[] {
  const numbers = value as readonly number[];
  const { min, max } = valueRanges.i32;
  const bad = numbers.find((number) => !Number.isInteger(number) || number < min || number > max);
  if (numbers.length <= COMMAND_ARGUMENTS_MAX && bad === undefined) return numbers;
  throw new RangeError(
    `${owner}.${field.name} is [${numbers}], must be at most ${COMMAND_ARGUMENTS_MAX} integers of 32 bits`,
  );
}

/** The values of a `data` message as two's-complement bits. */
function dataValues(message: DataMessage): { bits: number; bytes: number }[] {
  if (message.values.length !== message.types.length) {
    throw new RangeError(`data has ${message.values.length} values and ${message.types.length} types`);
  }
  return message.types.map((type, index) => {
    const value = message.values[index]!;
    const { min, max } = valueRanges[type];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new RangeError(`value ${index} of data is ${value}, must be an integer from ${min} to ${max} (${type})`);
    }
    const bytes = valueBytes[type];
    return { bits: bytes === 4 ? value >>> 0 : value & (256 ** bytes - 1), bytes };
  });
}
