/** How many bytes of a line the declared traffic takes, by the wire protocol's own declaration. */
import type { StreamDescriptor } from '../codec/descriptor.js';
import {
  CRC_BYTES,
  DESCRIPTOR_CHUNK_BYTES_MAX,
  type Encoding,
  fieldBytes,
  KIND_BYTES,
  type MessageName,
  messages,
  valueBytes,
} from '../codec/schema.js';

/** Bits of a byte on a UART: start, eight, stop. */
const BITS_PER_BYTE = 10;
/** Two UARTs understand each other up to about 3 % of difference in their bit rates: of a byte's time only what is left is certain. */
export const RATE_TOLERANCE = 0.03;
const STATUS_HZ = 1;
/** Of steady pings. Not a multiple of any period in the system: they must not always meet the same phase of a 1 ms poll or a 1 s job. */
export const PING_PERIOD_US = 503_370;
/** Where a clock is to be known anew: so many pings so soon after each other, then in pauses that double up to the steady ones. */
export const PING_BURST = 8;
export const PING_BURST_PERIOD_US = 23_000;
const PONG_HZ = Math.ceil(1e6 / PING_PERIOD_US);
/** Descriptor chunks go at the lowest priority: one a second is reserved. */
const DESCRIPTOR_HZ = 1;
const HEARTBEAT_HZ = 50;

/** What a byte costs on the wire. */
export interface LineTiming {
  /** At the nominal bit rate, µs. */
  readonly byteUs: number;
  /** The least that it can cost, µs; 0 where the line has no real bit rate (USB, a pseudo-terminal). */
  readonly certainByteUs: number;
}

export interface Line {
  /** Bits per second. */
  readonly baud: number;
  readonly encoding: Encoding;
  /** All streams of the board, not only the one that is judged. */
  readonly streams: readonly StreamDescriptor[];
  /** Whether heartbeats go to the board (armable boards). */
  readonly heartbeats?: boolean;
}

/** Share of the line that each kind of traffic takes, in bytes a second. */
export interface LineLoad {
  readonly capacity: number;
  readonly data: number;
  readonly status: number;
  readonly pong: number;
  readonly descriptor: number;
  /** Sum of the four over the capacity, 0..1 and more. */
  readonly fraction: number;
  /** Host → board: heartbeats and pings over the capacity. */
  readonly hostFraction: number;
}

/** @param timed whether bytes really take that long on this line (a UART), or the bit rate is only a number (USB, pty) */
export function lineTiming(baud: number, timed = true): LineTiming {
  const byteUs = (BITS_PER_BYTE * 1e6) / baud;
  return timed ? { byteUs, certainByteUs: byteUs * (1 - RATE_TOLERANCE) } : { byteUs: 0, certainByteUs: 0 };
}

/** Longest form of a message on the wire, delimiters included; `values` are those of the stream, for `data`. */
export function wireBytes(
  name: MessageName,
  encoding: Encoding,
  values: readonly { readonly type: keyof typeof valueBytes }[] = [],
): number {
  const widths = messages[name].fields.map((field) => widthOf(field.type, encoding));
  for (const value of values) widths.push(valueBytes[value.type]);
  const bytes = widths.reduce((sum, width) => sum + width, 0);
  if (encoding === 'binary') {
    const message = KIND_BYTES + bytes + CRC_BYTES;
    return 1 + message + 1 + Math.floor(message / 254) + 1; // leading delimiter, COBS overhead, delimiter
  }
  // '$' WORD ( ',' hex )* '*' CRC LF
  return 1 + messages[name].word.length + widths.length + 2 * bytes + 1 + 2 * CRC_BYTES + 1;
}

/** Certain time of a ping, and of its equally long pong, on the wire, µs: for the clock model. A leading delimiter may be missing. */
export function pingWireUs(encoding: Encoding, timing: LineTiming): number {
  return (wireBytes('ping', encoding) - 1) * timing.certainByteUs;
}

/** Bytes of a field; of a descriptor chunk the longest one. A length byte exists in binary only. */
function widthOf(type: string, encoding: Encoding): number {
  if (type in fieldBytes) return fieldBytes[type as keyof typeof fieldBytes];
  return DESCRIPTOR_CHUNK_BYTES_MAX + (encoding === 'binary' ? 1 : 0);
}

export function lineLoad(line: Line): LineLoad {
  const { encoding } = line;
  const capacity = line.baud / BITS_PER_BYTE;
  const data = line.streams.reduce(
    (sum, stream) => sum + (wireBytes('data', encoding, stream.signals) * 1e6) / stream.periodUs,
    0,
  );
  const status = wireBytes('status', encoding) * STATUS_HZ;
  const pong = wireBytes('pong', encoding) * PONG_HZ;
  const descriptor = wireBytes('descriptor', encoding) * DESCRIPTOR_HZ;
  const heartbeat = line.heartbeats ? wireBytes('heartbeat', encoding) * HEARTBEAT_HZ : 0;
  return {
    capacity,
    data,
    status,
    pong,
    descriptor,
    fraction: (data + status + pong + descriptor) / capacity,
    hostFraction: (heartbeat + wireBytes('ping', encoding) * PONG_HZ) / capacity,
  };
}
