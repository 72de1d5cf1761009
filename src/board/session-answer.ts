/** What to make of a board's answer to `hello`. Pure; every value in it is the board's claim. */

import type { Descriptor, StreamDescriptor } from '../codec/descriptor.js';
import { dataBytes } from '../codec/layout.js';
import type { Message } from '../codec/message.js';
import {
  answerCodes,
  DESCRIPTOR_BYTES_MAX,
  type Encoding,
  encodings,
  PROTOCOL_VERSION,
  type ResetCause,
  resetCauses,
  TEXT_LINE_BYTES_MAX,
} from '../codec/schema.js';
import type { EncodingChoice } from './session-terms.js';

const LF_BYTES = 1;

/** Why the host can't work with this answer, and what to do about it; null when it can. */
export function objection(answer: Message<'session'>, choice: EncodingChoice): string | null {
  const { protocol, descriptorBytes, encodings: offered } = answer;
  if (protocol !== PROTOCOL_VERSION) return protocolMismatch(`version ${protocol}`);
  if (descriptorBytes < 2 || descriptorBytes > DESCRIPTOR_BYTES_MAX) {
    return `the board announces a descriptor of ${descriptorBytes} bytes; it must have 2 to ${DESCRIPTOR_BYTES_MAX}: shorten it in the firmware`;
  }
  if (chooseEncoding(choice, offered) === null) {
    return (
      `the board offers the encodings 0x${offered.toString(16)} (1 text, 2 binary), and board.encoding is "${choice}": ` +
      'set it to "auto", or build the firmware with that encoding'
    );
  }
  return null;
}

/** Why the board's streams can't be had in this encoding, and what to do about it; null when they can. */
export function unsendable({ streams }: Descriptor, encoding: Encoding): string | null {
  if (encoding === 'binary') return null; // the most that a stream may have fits a binary message
  const lengthOf = ({ signals }: StreamDescriptor) => dataBytes(signals.map(({ type }) => type)).text + LF_BYTES;
  const wide = streams.find((stream) => lengthOf(stream) > TEXT_LINE_BYTES_MAX);
  if (wide === undefined) return null;
  return (
    `its stream "${wide.name}" takes ${lengthOf(wide)} bytes as text, a line has at most ${TEXT_LINE_BYTES_MAX}: ` +
    'set board.encoding to "auto" if the board has binary, or split the stream in the firmware'
  );
}

function protocolMismatch(boards: string): string {
  return `the board speaks protocol ${boards}, this host versions ${PROTOCOL_VERSION} to ${PROTOCOL_VERSION}: update the firmware or tautline`;
}

/** What a `nack` with counter 0, to `hello` or `start`, means for the session. */
export function meaningOfNack(
  code: number,
  isStarting: boolean,
): { readonly type: 'refused' | 'contended'; readonly reason: string } | null {
  if (code === answerCodes.armedElsewhere) {
    return { type: 'contended', reason: 'another host has armed this board: disarm it there first' };
  }
  if (code !== answerCodes.unsupported) return null;
  const reason = isStarting
    ? 'the board refuses the encoding that it offered: set board.encoding to the other one, or rebuild its firmware'
    : protocolMismatch('of another version');
  return { type: 'refused', reason };
}

/** What to stream in, or null when board and configuration have nothing in common. Bit 0 of `offered` is text, bit 1 binary. */
export function chooseEncoding(choice: EncodingChoice, offered: number): Encoding | null {
  if ((choice === 'auto' || choice === 'binary') && (offered & (1 << encodings.binary)) !== 0) return 'binary';
  if ((choice === 'auto' || choice === 'text') && (offered & (1 << encodings.text)) !== 0) return 'text';
  return null;
}

export function resetCauseName(code: number): ResetCause {
  const [name] = Object.entries(resetCauses).find(([, value]) => value === code) ?? ['unknown'];
  return name as ResetCause;
}
