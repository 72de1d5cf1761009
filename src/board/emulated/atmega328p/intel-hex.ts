/** Intel HEX, as avrdude takes it: records of data from address 0 on, each with its checksum. */

const START = 0x3a;
const DATA = 0;
const END = 1;
const HEAD_BYTES = 4;
const IMAGE_BYTES_MAX = 32 * 1024;

/** @returns the image; bytes that are not Intel HEX are taken as they are. @throws Error with the number of the wrong line */
export function imageFromHex(file: Uint8Array): Uint8Array {
  if (file[0] !== START) return file;
  const image = new Uint8Array(IMAGE_BYTES_MAX).fill(0xff);
  let length = 0;
  const lines = new TextDecoder('latin1').decode(file).split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const record = recordOf(line, index + 1);
    const [count, high, low, type] = record as unknown as [number, number, number, number];
    if (type === END) return image.subarray(0, length);
    if (type !== DATA)
      throw new Error(`line ${index + 1} of the HEX file has type ${type}: only data and end are known`);
    const address = (high << 8) | low;
    if (address + count > IMAGE_BYTES_MAX) throw new Error(`line ${index + 1} of the HEX file lies beyond 32 KiB`);
    image.set(record.subarray(HEAD_BYTES, HEAD_BYTES + count), address);
    length = Math.max(length, address + count);
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
