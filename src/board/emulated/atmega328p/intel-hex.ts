/** Intel HEX: records of data, each with its address and checksum. */

const START = 0x3a;
const types = { data: 0, end: 1, segment: 2, upper: 4 } as const;
const HEAD_BYTES = 4;
const IMAGE_BYTES_MAX = 32 * 1024;

/**
 * The flash of an Uno from a file as avrdude takes it.
 * @returns the image; bytes that are not Intel HEX are taken as they are. @throws Error with the number of the wrong line
 */
export function imageFromHex(file: Uint8Array): Uint8Array {
  if (file[0] !== START) return file;
  const image = new Uint8Array(IMAGE_BYTES_MAX).fill(0xff);
  let length = 0;
  for (const { type, address, data, line } of recordsOf(file)) {
    if (type !== types.data)
      throw new Error(`line ${line} of the HEX file has type ${type}: only data and end are known`);
    if (address + data.length > IMAGE_BYTES_MAX) throw new Error(`line ${line} of the HEX file lies beyond 32 KiB`);
    image.set(data, address);
    length = Math.max(length, address + data.length);
  }
  return image.subarray(0, length);
}

/**
 * What a file for any chip holds, in the order of its addresses and without what lies between.
 * @throws Error with the number of the wrong line
 */
export function dataFromHex(file: Uint8Array): Uint8Array {
  const parts: { readonly address: number; readonly data: Uint8Array }[] = [];
  let base = 0;
  for (const { type, address, data } of recordsOf(file)) {
    const upper = ((data[0] ?? 0) << 8) | (data[1] ?? 0);
    if (type === types.segment) base = upper * 16;
    if (type === types.upper) base = upper * 65_536;
    if (type === types.data) parts.push({ address: base + address, data });
  }
  parts.sort((a, b) => a.address - b.address);
  return Buffer.concat(parts.map(({ data }) => data));
}

interface HexRecord {
  readonly type: number;
  readonly address: number;
  readonly data: Uint8Array;
  /** In the file, from 1. */
  readonly line: number;
}

/** Those before the end. */
function recordsOf(file: Uint8Array): HexRecord[] {
  const records: HexRecord[] = [];
  const lines = new TextDecoder('latin1').decode(file).split(/\r?\n/);
  for (const [index, text] of lines.entries()) {
    if (text === '') continue;
    const record = recordOf(text, index + 1);
    const [count, high, low, type] = record as unknown as [number, number, number, number];
    if (type === types.end) return records;
    const data = record.subarray(HEAD_BYTES, HEAD_BYTES + count);
    records.push({ type, address: (high << 8) | low, data, line: index + 1 });
  }
  throw new Error('the HEX file has no end record: it was cut off');
}

function recordOf(line: string, number: number): Uint8Array {
  if (!/^:([0-9A-F]{2}){5,}$/i.test(line)) throw new Error(`line ${number} of the HEX file is no record`);
  const record = Uint8Array.from(line.slice(1).match(/../g)!, (digits) => Number.parseInt(digits, 16));
  const sum = record.reduce((total, byte) => total + byte, 0) & 0xff;
  if (record.length !== HEAD_BYTES + record[0]! + 1 || sum !== 0)
    throw new Error(`line ${number} of the HEX file has a wrong length or checksum`);
  return record;
}
