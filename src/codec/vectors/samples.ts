import type { StreamDescriptor } from '../descriptor.js';
import { encodeBinary, encodeText } from '../encode.js';
import { bytesToHex } from '../hex.js';
import { dataBytes } from '../layout.js';
import type { AnyMessage, DataMessage } from '../message.js';
import { type Encoding, TEXT_LINE_BYTES_MAX, type ValueType } from '../schema.js';

/** One golden vector, as in `from-ts.json` and `firmware/test/vectors/from-c.json`. `hex` is what goes over the wire. */
export interface Vector {
  readonly name: string;
  readonly encoding: Encoding;
  /** The message; `bytes` fields as hex. */
  readonly message: Readonly<Record<string, unknown>>;
  readonly hex: string;
}

const SESSION = 0x5a3c;

/** A stream of every value type, to decode the `data` samples with (scale 1, offset 0: values come out raw). */
export const sampleTypes: readonly ValueType[] = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32'];

function data(stream: number, types: readonly ValueType[], values: readonly number[], fields = {}): DataMessage {
  return {
    name: 'data',
    session: SESSION,
    stream,
    seq: 1,
    releaseUs: 1000,
    lateUs: 2,
    execUs: 37,
    queueBytes: 0,
    flags: 0,
    skipped: 0,
    dropped: 0,
    ...fields,
    values,
    types,
  };
}

/** Every message, its extremes, and what framing finds hard: zeros, 0xFF, full COBS blocks, characters that need escaping. */
export const samples: Readonly<Record<string, AnyMessage>> = {
  'data typical': data(0, ['i16', 'i16', 'i16', 'i16'], [1234, -1234, 0, 32767], { seq: 4660, releaseUs: 22136000 }),
  'data every type lowest': data(1, sampleTypes, [0, -128, 0, -32768, 0, -2147483648]),
  'data every type highest': data(1, sampleTypes, [255, 127, 65535, 32767, 4294967295, 2147483647]),
  'data all fields saturated': data(31, ['u8'], [255], {
    session: 0xffff,
    seq: 0xffff_ffff,
    releaseUs: 0xffff_ffff,
    lateUs: 0xffff,
    execUs: 0xffff,
    queueBytes: 0xffff,
    flags: 0x07,
    skipped: 0xff,
    dropped: 0xff,
  }),
  'data monitor line': data(0, ['i16', 'i16', 'i16', 'i16'], [0, 0, 0, 0], { session: 0, seq: 0, releaseUs: 0 }),
  'data 64 signals without a zero': data(2, new Array(64).fill('i32'), new Array(64).fill(0x01020304)),
  status: {
    name: 'status',
    session: SESSION,
    deviceUs: 0x0001_2345_6789_abcd,
    loops: 100_000,
    execCount: 1000,
    execSumUs: 37_000,
    execSumSquaredUs2: 1_369_000,
    execMaxUs: 41,
    sendMaxUs: 55,
    overruns: 0,
    receiveErrors: 1,
    drops: 2,
    armed: 1,
    tripCause: 0,
  },
  pong: { name: 'pong', session: SESSION, id: 7, rxUs: 123_456, txUs: 123_999, queueBytes: 35, deviceUs: 123_999 },
  session: {
    name: 'session',
    protocol: 1,
    bootId: 0xdead_beef,
    resetCause: 1,
    descriptorHash: 0x1697_d06a,
    descriptorBytes: 1500,
    maxFrame: 320,
    encodings: 3,
    deviceUs: 3_000_000,
    hostNonce: 0x0102_0304,
    uid: 'E66138528350A12F',
  },
  'descriptor 48 bytes': {
    name: 'descriptor',
    session: SESSION,
    offset: 48,
    data: Uint8Array.from({ length: 48 }, (_, i) => i * 5),
  },
  'descriptor beyond the end': { name: 'descriptor', session: SESSION, offset: 4096, data: new Uint8Array(0) },
  ack: { name: 'ack', session: SESSION, counter: 1, code: 0 },
  nack: { name: 'nack', session: SESSION, counter: 0, code: 5 },
  'event plain': { name: 'event', session: 0, code: 1, level: 1, deviceUs: 812, value: 2, text: 'boot' },
  'event to escape': {
    name: 'event',
    session: SESSION,
    code: 0,
    level: 2,
    deviceUs: 4_294_967_295,
    value: 0,
    text: '100 %, $5*2! 21 °C\n',
  },
  'event longest': { name: 'event', session: SESSION, code: 0, level: 3, deviceUs: 1, value: 1, text: '%'.repeat(64) },
  started: { name: 'started', session: SESSION, encoding: 1 },
  hello: { name: 'hello', protocolMin: 1, protocolMax: 1, hostNonce: 0xcafe_0001 },
  describe: { name: 'describe', offset: 96, length: 48 },
  start: { name: 'start', session: SESSION, encoding: 1 },
  ping: { name: 'ping', session: SESSION, id: 7, pad0: 0, pad1: 0, pad2: 0, pad3: 0 },
  heartbeat: { name: 'heartbeat', session: SESSION, counter: 256, armedEcho: 1, echoUs: 22_136_000 },
  'command arm': {
    name: 'command',
    session: SESSION,
    counter: 1,
    id: 1,
    expiryUs: 5_000_000,
    command: 'arm',
    arguments: [],
  },
  'command with arguments': {
    name: 'command',
    session: SESSION,
    counter: 2,
    id: 0xffff_ffff,
    expiryUs: 0,
    command: 'set-speed',
    arguments: [0, -1, 2147483647, -2147483648],
  },
  safe: { name: 'safe', session: SESSION, cause: 3 },
};

export function streamOf(message: DataMessage): StreamDescriptor {
  const signals = message.types.map((type, i) => ({ name: `s${i}`, type, scale: 1, offset: 0, unit: '' }));
  return {
    id: message.stream,
    name: `stream${message.stream}`,
    periodUs: 1000,
    contract: {
      class: 'soft',
      m: 0,
      k: 1,
      jitterUs: 0,
      deadlineUs: 0,
      lifespanUs: 0,
      leaseUs: 0,
      budgets: { firmwareUs: 0, linkUs: 0, hostUs: 0 },
      delivery: { outletUs: 0, consumerUs: 0 },
    },
    signals,
  };
}

/** Every sample in every encoding that can carry it. */
export function vectorsFromTs(): Vector[] {
  return Object.entries(samples).flatMap(([name, message]) => {
    const fitsText = message.name !== 'data' || dataBytes(message.types).text + 1 <= TEXT_LINE_BYTES_MAX;
    const binary = vector(name, 'binary', message, encodeBinary(message));
    return fitsText ? [vector(name, 'text', message, encodeText(message)), binary] : [binary];
  });
}

function vector(name: string, encoding: Encoding, message: AnyMessage, wire: Uint8Array): Vector {
  const fields = Object.entries(message).map(([key, value]) => [
    key,
    value instanceof Uint8Array ? bytesToHex(value) : value,
  ]);
  return { name, encoding, message: Object.fromEntries(fields), hex: bytesToHex(wire) };
}
