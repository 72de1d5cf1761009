const DIGITS = '0123456789ABCDEF';
const NOT_HEX = 0xff;

/** Value of an ASCII digit; `NOT_HEX` for anything else, lower case included: the wire has one spelling of a number. */
const nibbleOfByte = new Uint8Array(256).fill(NOT_HEX);
for (let value = 0; value < 16; value++) nibbleOfByte[DIGITS.charCodeAt(value)] = value;

/** The number in `digits` (at most 8) upper-case hex digits at `at`, or -1. */
export function parseHex(bytes: Uint8Array, at: number, digits: number): number {
  if (at + digits > bytes.length) return -1;
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const nibble = nibbleOfByte[bytes[i]!]!;
    if (nibble === NOT_HEX) return -1;
    value = value * 16 + nibble;
  }
  return value;
}

/** An integer in 0 .. 2^53 as `digits` upper-case hex digits. */
export function toHex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

export function bytesToHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += DIGITS[byte >>> 4]! + DIGITS[byte & 15]!;
  return hex;
}

/** The bytes of an even number of upper-case hex digits, or undefined. */
export function hexToBytes(hex: string): Uint8Array | undefined {
  if (!/^([0-9A-F]{2})*$/.test(hex)) return undefined;
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}
