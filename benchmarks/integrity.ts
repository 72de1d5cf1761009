/**
 * Damages binary frames on the line and counts what the real decoder lets through. A CRC-16 goes through the same kinds of
 * faults as the control: if it lets nothing through, the test is too weak to say anything of a CRC-32.
 */
import { cobsDecode, cobsEncode } from '#dist/codec/cobs.js';
import { Decoder } from '#dist/codec/decoder.js';
import { encodeBinary } from '#dist/codec/encode.js';
import type { Benchmark, Result, RunOptions } from './harness/benchmark.js';
import { mulberry32 } from './harness/statistics.js';

const TAG = 0x5a17;
const POOL = 4096;
/** Frames sent around each fault; the fault is in the first two, so that the others show when the line is whole again. */
const SENT = 4;
const FAULT_BYTES_MAX = 24;
const CONTROL_SHARE = 0.05;
const WIRE_BYTES_MAX = 512;

const signals = ['speed', 'setpoint', 'current', 'temperature'].map(
  (name) => ({ name, type: 'i16', scale: 1, offset: 0, unit: 'rpm' }) as const,
);
const kinds = [
  'bit flipped',
  'two bits flipped',
  'byte overwritten',
  'burst',
  'bytes lost',
  'bytes inserted',
  'bytes repeated',
  'byte zeroed',
] as const;

type Random = (below: number) => number;

/** Damages `wire[0, length)` somewhere before `end`. @returns the new length */
function damage(wire: Uint8Array, length: number, end: number, kind: number, random: Random): number {
  const at = random(end);
  const bytes = Math.min(1 + random(FAULT_BYTES_MAX), end - at);
  switch (kind) {
    case 0:
      wire[at]! ^= 1 << random(8);
      return length;
    case 1:
      wire[at]! ^= 1 << random(8);
      wire[random(end)]! ^= 1 << random(8);
      return length;
    case 2:
      wire[at]! ^= 1 + random(255);
      return length;
    case 3:
      for (let i = 0; i < bytes; i++) wire[at + i] = random(256);
      return length;
    case 4:
      wire.copyWithin(at, at + bytes, length);
      return length - bytes;
    case 5:
      wire.copyWithin(at + bytes, at, length);
      for (let i = 0; i < bytes; i++) wire[at + i] = random(256);
      return length + bytes;
    case 6:
      wire.copyWithin(at + bytes, at, length);
      return length + bytes;
    default:
      wire[at] = 0;
      return length;
  }
}

interface Pool {
  readonly wires: readonly Uint8Array[];
  readonly values: readonly (readonly number[])[];
}

function makePool(random: Random): Pool {
  const value = () => (random(3) === 0 ? 0 : random(65_536) - 32_768);
  const values = Array.from({ length: POOL }, () => signals.map(value));
  const wires = values.map((row, seq) =>
    encodeBinary({
      name: 'data',
      session: TAG,
      stream: 0,
      seq,
      releaseUs: (seq * 1000) >>> 0,
      lateUs: random(4),
      execUs: random(20),
      queueBytes: 0,
      flags: 0,
      skipped: 0,
      dropped: 0,
      values: row,
      types: signals.map(({ type }) => type),
    }),
  );
  return { wires, values };
}

function throughDecoder(faults: number, pool: Pool, random: Random) {
  const byKind = new Float64Array(kinds.length);
  const wire = new Uint8Array(WIRE_BYTES_MAX);
  let firstSeq = 0;
  let delivered = 0;
  let wrong = 0;
  let worst = 0;
  const decoder = new Decoder({
    data: (frame) => {
      const row = frame.seq - firstSeq;
      const sent = row >= 0 && row < SENT ? pool.values[frame.seq] : undefined;
      let matches = sent !== undefined && frame.releaseUs === (frame.seq * 1000) >>> 0;
      for (let i = 0; matches && i < signals.length; i++) matches = frame.values[i] === sent![i];
      if (!matches) wrong++;
      else if ((delivered & (1 << row)) === 0) delivered |= 1 << row;
    },
    message: () => wrong++,
    foreign: () => wrong++,
    plain: () => {},
    text: () => {},
    corrupt: () => {},
    fallback: () => {},
  });
  decoder.layouts([{ id: 0, name: 'control', periodUs: 1000, signals } as never]);
  decoder.expect('binary');
  decoder.expectSession(TAG);
  for (let fault = 0; fault < faults; fault++) {
    firstSeq = random(POOL - SENT);
    let length = 0;
    let end = 0;
    for (let i = 0; i < SENT; i++) {
      const frame = pool.wires[firstSeq + i]!;
      wire.set(frame, length);
      length += frame.length;
      if (i === 1) end = length;
    }
    const kind = fault % kinds.length;
    length = damage(wire, length, end, kind, random);
    delivered = 0;
    const before = wrong;
    decoder.push(wire.subarray(0, length), { arrivalUs: fault });
    byKind[kind]! += wrong - before;
    const lost = SENT - ((delivered & 1) + ((delivered >> 1) & 1) + ((delivered >> 2) & 1) + ((delivered >> 3) & 1));
    if (lost > worst) worst = lost;
  }
  return { accepted: wrong, byKind, maxFramesLostPerFault: worst };
}

/** CRC-16/CCITT with final xor 0 behind the same COBS, on messages of the same length. */
function throughCrc16(faults: number, pool: Pool, random: Random): number {
  const message = new Uint8Array(64);
  const wire = new Uint8Array(WIRE_BYTES_MAX);
  const decoded = new Uint8Array(WIRE_BYTES_MAX);
  let accepted = 0;
  for (let fault = 0; fault < faults; fault++) {
    const source = pool.wires[random(POOL)]!;
    const body = source.length - 8;
    message.set(source.subarray(1, 1 + body));
    const crc = crc16(message, body);
    message[body] = crc & 0xff;
    message[body + 1] = crc >> 8;
    let length = cobsEncode(message, 0, body + 2, wire, 0);
    wire[length++] = 0;
    const damagedLength = damage(wire, length, length, fault % kinds.length, random);
    for (let start = 0, end = 0; end < damagedLength; start = ++end) {
      while (end < damagedLength && wire[end] !== 0) end++;
      if (end === start || end >= damagedLength) continue;
      const bytes = cobsDecode(wire, start, end, decoded);
      if (bytes < 3) continue;
      const matches = crc16(decoded, bytes - 2) === (decoded[bytes - 2]! | (decoded[bytes - 1]! << 8));
      if (matches && !isSame(decoded, bytes, message, body + 2)) accepted++;
    }
  }
  return accepted;
}

function isSame(a: Uint8Array, aBytes: number, b: Uint8Array, bBytes: number): boolean {
  if (aBytes !== bBytes) return false;
  for (let i = 0; i < aBytes; i++) if (a[i] !== b[i]) return false;
  return true;
}

const crc16Table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  return crc;
});

function crc16(bytes: Uint8Array, end: number): number {
  let crc = 0xffff;
  for (let i = 0; i < end; i++) crc = ((crc << 8) & 0xffff) ^ crc16Table[(crc >> 8) ^ bytes[i]!]!;
  return crc;
}

async function run({ size, seed }: RunOptions): Promise<Result> {
  const faults = size === 'smoke' ? 200_000 : size === 'full' ? 400_000_000 : 100_000_000;
  const uniform = mulberry32(seed);
  const random: Random = (below) => Math.floor(uniform() * below);
  const pool = makePool(random);
  const ours = throughDecoder(faults, pool, random);
  const controlFaults = Math.max(2_000_000, Math.ceil(faults * CONTROL_SHARE));
  const control = throughCrc16(controlFaults, pool, random);
  const frameBytes = Math.min(...pool.wires.map((wire) => wire.length));
  const framesLostMax = frameBytes >= FAULT_BYTES_MAX ? 2 : 3;
  const reasons: string[] = [];
  if (ours.accepted > 0) reasons.push(`${ours.accepted} damaged frames were accepted`);
  if (ours.maxFramesLostPerFault > framesLostMax)
    reasons.push(`a fault cost ${ours.maxFramesLostPerFault} frames, at most ${framesLostMax} are allowed`);
  if (control === 0) reasons.push('the CRC-16 control let nothing through: the test is too weak');
  return {
    name: 'integrity',
    verdict: reasons.length > 0 ? 'fail' : 'pass',
    reasons,
    values: {
      faults,
      accepted: ours.accepted,
      crc16ControlAccepted: control,
      crc16ControlFaults: controlFaults,
      maxFramesLostPerFault: ours.maxFramesLostPerFault,
    },
    tables: [
      {
        title: `${faults} faults of at most ${FAULT_BYTES_MAX} bytes on frames of ${frameBytes} bytes and more on the wire`,
        columns: ['fault', 'accepted'],
        rows: [
          ...kinds.map((kind, i) => [kind, ours.byKind[i]!] as const),
          ['CRC-16 control, all kinds', `${control} of ${controlFaults}`],
        ],
        note: `0 of ${faults} bounds the probability at ${(3 / faults).toExponential(1)} with 95 % confidence (rule of three).`,
      },
    ],
    series: [],
  };
}

export default {
  description: 'what damaged frames the decoder lets through, with a CRC-16 as the control',
  run,
} satisfies Benchmark;
