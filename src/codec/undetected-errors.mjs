// Damages frames on the wire and counts what the CRC behind COBS lets through:
//   npx tsc && node src/codec/undetected-errors.mjs [faults = 1e8] [seed = 1]
// A CRC-16 (CCITT, final xor 0) goes through the same faults as the control: if it lets nothing through, the test is too weak.
import { cobsDecode, cobsEncode } from '../../dist/codec/cobs.js';
import { crc32 } from '../../dist/codec/crc32.js';

const faults = Number(process.argv[2] ?? 1e8);
let state = Number(process.argv[3] ?? 1) >>> 0 || 1;

/** Xorshift, 32 bits: fast, repeatable, and good enough to choose bytes with. */
function random(below) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

function crc16(bytes, start, end) {
  let crc = 0xffff;
  for (let i = start; i < end; i++) {
    crc ^= bytes[i] << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1;
  }
  return crc;
}

const checks = { 'CRC-32/AUTOSAR': [crc32, 4], 'CRC-16 control': [crc16, 2] };
const kinds = ['bit', 'two bits', 'byte', 'burst of 1-24 bytes', 'byte lost', 'byte inserted'];

/** A frame as a board sends it: kind, fields with many zeros, values. */
function makeMessage([crc, crcBytes]) {
  const body = 29;
  const message = new Uint8Array(body + crcBytes);
  message[0] = 1;
  for (let i = 1; i < body; i++) message[i] = random(3) === 0 ? 0 : random(256);
  const value = crc(message, 0, body);
  for (let i = 0; i < crcBytes; i++) message[body + i] = value >>> (8 * i);
  return message;
}

function damage(wire, length, kind) {
  const at = random(length);
  if (kind === 0 || kind === 1) {
    for (let i = 0; i <= kind; i++) wire[random(length)] ^= 1 << random(8);
  } else if (kind === 2) wire[at] ^= 1 + random(255);
  else if (kind === 3) {
    for (let i = at, end = Math.min(length, at + 1 + random(24)); i < end; i++) wire[i] = random(256);
  } else if (kind === 4) {
    wire.copyWithin(at, at + 1, length);
    return length - 1;
  } else {
    wire.copyWithin(at + 1, at, length);
    wire[at] = random(256);
    return length + 1;
  }
  return length;
}

/** Runs that the check accepts although none of them was sent. */
function accepted(wire, length, [crc, crcBytes], sent, decoded) {
  let count = 0;
  for (let start = 0, end = 0; end < length; start = ++end) {
    while (end < length && wire[end] !== 0) end++;
    const bytes = end > start && end < length ? cobsDecode(wire, start, end, decoded) : -1;
    if (bytes <= crcBytes) continue;
    const value = crc(decoded, 0, bytes - crcBytes);
    let matches = true;
    for (let i = 0; i < crcBytes && matches; i++)
      matches = decoded[bytes - crcBytes + i] === ((value >>> (8 * i)) & 0xff);
    if (matches && !sent.some((message) => message.length === bytes && message.every((b, i) => b === decoded[i])))
      count++;
  }
  return count;
}

for (const [name, check] of Object.entries(checks)) {
  const runs = name.includes('control') ? Math.ceil(faults / 20) : faults;
  const undetected = new Array(kinds.length).fill(0);
  const decoded = new Uint8Array(512);
  const good = new Uint8Array(128);
  const wire = new Uint8Array(128);
  let sent = [];
  let length = 0;
  for (let i = 0; i < runs; i++) {
    if (i % 1000 === 0) {
      sent = [makeMessage(check), makeMessage(check)];
      length = 0;
      for (const message of sent) {
        length = cobsEncode(message, 0, message.length, good, length);
        good[length++] = 0;
      }
    }
    wire.set(good);
    const kind = i % kinds.length;
    undetected[kind] += accepted(wire, damage(wire, length, kind), check, sent, decoded);
  }
  console.log(`${name}: ${runs} faults, ${undetected.reduce((a, b) => a + b)} undetected`);
  for (const [i, kind] of kinds.entries()) console.log(`  ${kind}: ${undetected[i]}`);
}
