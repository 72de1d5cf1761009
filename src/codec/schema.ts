/**
 * The wire protocol, declared once. The C header `firmware/core/wire.gen.h` is generated from this file
 * (`.ci/generate.mjs`), both encodings derive from it, and `docs/wire-protocol.md` explains it.
 *
 * A message is a kind byte (binary) or kind word (text), then its fields in this order, then, for `data`, the
 * stream's values. Integers are little-endian in binary and fixed-width upper-case hex in text.
 */

/** Field types. `text` and `bytes` carry a u8 length in binary; in text `text` is percent-encoded, `bytes` is hex. `i32s` is a u8 count, then that many i32, each a field of its own in text. */
export type FieldType = 'u8' | 'u16' | 'u32' | 'u64' | 'text' | 'bytes' | 'i32s';

/** Types that a signal's value can have on the wire. */
export type ValueType = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32';

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** A u64 that identifies instead of counting: all 64 bits matter, so TypeScript holds it as 16 upper-case hex digits. */
  readonly opaque?: true;
}

export interface MessageSchema {
  /** First byte of the binary form. Bit 6 (0x40) is set on messages from host to device. */
  readonly kind: number;
  /** First field of the text form. */
  readonly word: string;
  readonly direction: 'device' | 'host';
  readonly fields: readonly Field[];
  /** Whether the values of the stream follow the fields. */
  readonly values?: true;
}

const f = <const N extends string, const T extends FieldType>(name: N, type: T) => ({ name, type });
const session = f('session', 'u16');

export const PROTOCOL_VERSION = 1;
/** Longest text line, from `$` or `!` to the LF, both included. */
export const TEXT_LINE_BYTES_MAX = 240;
/** Longest binary message before COBS, CRC included. */
export const BINARY_MESSAGE_BYTES_MAX = 320;
/** Longest run on the wire between two delimiters: COBS adds one byte per 254, and one. */
export const BINARY_WIRE_BYTES_MAX = BINARY_MESSAGE_BYTES_MAX + 2;
export const DESCRIPTOR_BYTES_MAX = 4096;
export const DESCRIPTOR_CHUNK_BYTES_MAX = 48;
export const STREAMS_MAX = 32;
export const SIGNALS_MAX = 64;
export const TEXT_FIELD_BYTES_MAX = 64;
export const COMMAND_ARGUMENTS_MAX = 4;

/** `session` of a board that nobody has said `hello` to (its monitor lines, ten a second). Never a real tag. */
export const SESSION_NONE = 0;

export const messages = {
  // device -> host
  data: {
    kind: 0x01,
    word: 'D',
    direction: 'device',
    values: true,
    fields: [
      session,
      f('stream', 'u8'),
      f('seq', 'u32'), //        counts releases of this stream that were run
      f('releaseUs', 'u32'), //  scheduled instant, device time
      f('lateUs', 'u16'), //     start of the job - release
      f('execUs', 'u16'), //     start of the job -> start of encoding
      f('queueBytes', 'u16'), // bytes ahead in the transmit ring at the start of encoding
      f('flags', 'u8'),
      f('skipped', 'u8'), //     cumulative: releases that were not run
      f('dropped', 'u8'), //     cumulative: frames that found the transmit ring full
    ],
  },
  status: {
    kind: 0x02,
    word: 'STATUS',
    direction: 'device',
    fields: [
      session,
      f('deviceUs', 'u64'),
      f('loops', 'u32'),
      f('execCount', 'u32'),
      f('execSumUs', 'u32'),
      f('execSumSquaredUs2', 'u64'),
      f('execMaxUs', 'u16'),
      f('sendMaxUs', 'u16'), //  worst encode + enqueue
      f('overruns', 'u16'),
      f('receiveErrors', 'u16'),
      f('drops', 'u16'),
      f('armed', 'u8'),
      f('tripCause', 'u8'),
    ],
  },
  pong: {
    kind: 0x03,
    word: 'PONG',
    direction: 'device',
    fields: [session, f('id', 'u32'), f('rxUs', 'u32'), f('txUs', 'u32'), f('queueBytes', 'u16'), f('deviceUs', 'u64')],
  },
  session: {
    kind: 0x04,
    word: 'SESSION',
    direction: 'device',
    fields: [
      f('protocol', 'u8'),
      f('bootId', 'u32'),
      f('resetCause', 'u8'),
      f('descriptorHash', 'u32'), // CRC-32 of the whole descriptor
      f('descriptorBytes', 'u16'),
      f('maxFrame', 'u16'), //       longest binary message before COBS, CRC included
      f('encodings', 'u8'), //       bit 0 text, bit 1 binary
      f('deviceUs', 'u64'),
      f('hostNonce', 'u32'),
      { name: 'uid', type: 'u64', opaque: true }, // 0 when the board has none
    ],
  },
  descriptor: {
    kind: 0x05,
    word: 'DESC',
    direction: 'device',
    fields: [session, f('offset', 'u16'), f('data', 'bytes')],
  },
  ack: { kind: 0x06, word: 'ACK', direction: 'device', fields: [session, f('counter', 'u32'), f('code', 'u8')] },
  nack: { kind: 0x07, word: 'NACK', direction: 'device', fields: [session, f('counter', 'u32'), f('code', 'u8')] },
  event: {
    kind: 0x08,
    word: 'EVENT',
    direction: 'device',
    fields: [session, f('code', 'u8'), f('level', 'u8'), f('deviceUs', 'u32'), f('value', 'u32'), f('text', 'text')],
  },
  started: { kind: 0x09, word: 'STARTED', direction: 'device', fields: [session, f('encoding', 'u8')] },

  // host -> device
  hello: {
    kind: 0x41,
    word: 'HELLO',
    direction: 'host',
    fields: [f('protocolMin', 'u8'), f('protocolMax', 'u8'), f('hostNonce', 'u32')],
  },
  describe: { kind: 0x42, word: 'DESCRIBE', direction: 'host', fields: [f('offset', 'u16'), f('length', 'u8')] },
  /** Starts the streams in this encoding; `started` answers in the encoding in force before. */
  start: { kind: 0x43, word: 'START', direction: 'host', fields: [session, f('encoding', 'u8')] },
  /** As long on the wire as `pong`, so that both ways cost the same. */
  ping: {
    kind: 0x44,
    word: 'PING',
    direction: 'host',
    fields: [session, f('id', 'u32'), f('pad0', 'u32'), f('pad1', 'u32'), f('pad2', 'u16'), f('pad3', 'u64')],
  },
  heartbeat: {
    kind: 0x45,
    word: 'HB',
    direction: 'host',
    fields: [session, f('counter', 'u32'), f('armedEcho', 'u8'), f('echoUs', 'u32')],
  },
  command: {
    kind: 0x46,
    word: 'CMD',
    direction: 'host',
    fields: [
      session,
      f('counter', 'u32'),
      f('id', 'u32'), //       the host's own; the board does not interpret it
      f('expiryUs', 'u32'), // device time
      f('command', 'text'), // its name: `arm`, `disarm`, `rearm`, or one of the descriptor's
      f('arguments', 'i32s'),
    ],
  },
  /** Outputs to their safe values, now, latched. Needs no counter and no clock. */
  safe: { kind: 0x47, word: 'SAFE', direction: 'host', fields: [session, f('cause', 'u8')] },
} as const satisfies Record<string, MessageSchema>;

export type MessageName = keyof typeof messages;

export const encodings = { text: 0, binary: 1 } as const;
export type Encoding = keyof typeof encodings;

export const resetCauses = { unknown: 0, powerOn: 1, pin: 2, watchdog: 3, software: 4, brownOut: 5 } as const;
export type ResetCause = keyof typeof resetCauses;

/** `data.flags`, one bit each. */
export const dataFlags = { armed: 0x01, tripped: 0x02, overrun: 0x04 } as const;

/** `status.armed`. */
export const armStates = { disarmed: 0, armed: 1, tripped: 2 } as const;
export type ArmState = keyof typeof armStates;

/** Why a board went to its safe state: `status.tripCause`, `safe.cause`, `event.value` of a trip. */
export const tripCauses = {
  none: 0,
  heartbeatLost: 1, //    device: no acceptable heartbeat within the watchdog's time
  heartbeatInvalid: 2, // device: five in a row that were not acceptable
  hostSafe: 3, //         host: somebody asked for it
  deadlineMissed: 4, //   host: a hard contract
  dataStale: 5, //        host: newest good sample older than deadline + 2 periods, or the session was lost
  foreignFrames: 6, //    host: another firmware, boot or host on the line
  fault: 7, //            device: the application's own fault latch
} as const;
export type TripCause = keyof typeof tripCauses;

/** `ack.code` and `nack.code`. */
export const answerCodes = {
  ok: 0,
  stale: 1, //         counter lower than the last
  expired: 2,
  unknownCommand: 3,
  badArguments: 4,
  armedElsewhere: 5, // a second host's hello while armed
  tripped: 6, //        re-arm first
  notTripped: 7,
  notArmed: 8,
  noHeartbeat: 9, //    arm needs a running heartbeat
  unsupported: 10,
} as const;
export type AnswerCode = keyof typeof answerCodes;

/** `event.code`. */
export const eventCodes = {
  log: 0,
  boot: 1,
  trip: 2,
  overrun: 3,
  armed: 4,
  disarmed: 5,
  rearmed: 6,
  secondHost: 7,
} as const;
export type EventCode = keyof typeof eventCodes;

/** `event.level`. */
export const eventLevels = { debug: 0, info: 1, warning: 2, error: 3 } as const;

export const fieldBytes = { u8: 1, u16: 2, u32: 4, u64: 8 } as const;
export const valueBytes: Record<ValueType, number> = { u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4 };
/** Kind byte and CRC-32 of a binary message. */
export const KIND_BYTES = 1;
export const CRC_BYTES = 4;
