/** Encodes the modelled board's `data` frames without garbage: at a thousand a second of virtual time, `encodeBinary` would be most of the run. */
import { cobsEncode } from '../codec/cobs.js';
import { crc32Signed } from '../codec/crc32.js';
import { encodeText } from '../codec/encode.js';
import { dataOffsets as at, dataBytes } from '../codec/layout.js';
import { messages } from '../codec/schema.js';
import { controlStream } from '../deadline/model/stream.js';
import { STREAM } from './board.js';
import { type FrameBook, signalValue } from './truth.js';

const types = controlStream.signals.map(({ type }) => type);
const { binary: BYTES } = dataBytes(types);
const CRC_AT = BYTES - 4;

const body = new Uint8Array(BYTES);
const view = new DataView(body.buffer);
body[0] = messages.data.kind;
body[at.stream] = STREAM;

/** Frame `i` of the book as one binary message with its delimiter. @returns the index after it */
export function encodeFrame(book: FrameBook, i: number, into: Uint8Array, from: number, leading: boolean): number {
  const seq = book.seq[i]!;
  view.setUint16(at.session, book.tag[i]!, true);
  view.setUint32(at.seq, seq, true);
  view.setUint32(at.releaseUs, book.stampUs[i]!, true);
  view.setUint16(at.lateUs, book.lateUs[i]!, true);
  view.setUint16(at.execUs, book.execUs[i]!, true);
  view.setUint16(at.queueBytes, book.queueBytes[i]!, true);
  body[at.flags] = book.flags[i]!;
  body[at.skipped] = book.skipped[i]!;
  body[at.dropped] = book.dropped[i]!;
  for (let k = 0; k < types.length; k++) view.setInt16(at.values + 2 * k, signalValue(seq, k), true);
  view.setInt32(CRC_AT, crc32Signed(body, 0, CRC_AT), true);
  let end = from;
  if (leading) into[end++] = 0;
  end = cobsEncode(body, 0, BYTES, into, end);
  into[end++] = 0;
  return end;
}

/** The same frame as a line of text. */
export function encodeFrameText(book: FrameBook, i: number): Uint8Array {
  const seq = book.seq[i]!;
  return encodeText({
    name: 'data',
    session: book.tag[i]!,
    stream: STREAM,
    seq,
    releaseUs: book.stampUs[i]!,
    lateUs: book.lateUs[i]!,
    execUs: book.execUs[i]!,
    queueBytes: book.queueBytes[i]!,
    flags: book.flags[i]!,
    skipped: book.skipped[i]!,
    dropped: book.dropped[i]!,
    types,
    values: types.map((_, k) => signalValue(seq, k)),
  });
}
