/** The handshake's terms: when it does what (us), its phases, what it needs, and what it tells. */

import type { Descriptor } from '../codec/descriptor.js';
import type { HostMessage } from '../codec/message.js';
import type { Encoding, ResetCause } from '../codec/schema.js';
import type { LinkState } from '../feed/slot.js';
import type { DescriptorCache } from './descriptor-transfer.js';

export const sessionTiming = {
  /** A bootloader listens after the port was opened: nothing is sent so long, or until the board speaks. */
  bootQuietUs: 2_000_000,
  helloPeriodUs: 250_000,
  /** A board that prints, but has not answered for so long, is only shown; it hears a hello now and then. */
  monitorAfterUs: 3_000_000,
  monitorHelloPeriodUs: 5_000_000,
  answerTimeoutUs: 250_000,
  /** Another host has the board armed: ask again, gently. */
  armedElsewherePeriodUs: 1_000_000,
  /** Another host said hello on this line: do not fight over the board. */
  otherHostQuietUs: 5_000_000,
  refusedHelloPeriodUs: 5_000_000,
  /** A stream that has been silent so long may belong to a board that lost its session. */
  silenceHelloAfterUs: 1_000_000,
  /** Silence is not judged so long after opening and after a reset. */
  bootGraceUs: 3_000_000,
} as const;

export const sessionLimits = {
  /** Tries of one chunk, and of `start`, before the handshake begins anew. */
  tries: 8,
  /** Foreign frames in a row that end a session. */
  foreignFrames: 3,
  /** Hellos without an answer after which the answer is looked for in the other encoding. */
  hellosPerEncoding: 4,
} as const;

/** What is agreed with a board. */
export interface Established {
  readonly bootId: number;
  readonly descriptor: Descriptor;
  readonly descriptorHash: number;
  /** The 16-bit tag of all its messages. */
  readonly tag: number;
  readonly resetCause: ResetCause;
  /** 16 hex digits; all zeros when the board has none. */
  readonly uid: string;
  /** The board's clock when it answered. */
  readonly deviceUs: number;
  /** The boot id before, when the board has been reset since; null the first time and when it is the same boot. */
  readonly bootIdBefore: number | null;
}

export type SessionEvent =
  | ({ readonly type: 'established' } & Established)
  | { readonly type: 'streaming'; readonly encoding: Encoding }
  /** The session is over; the handshake has begun again. */
  | { readonly type: 'lost'; readonly reason: string }
  /** This board cannot be used as it is; it is asked again now and then. */
  | { readonly type: 'refused'; readonly reason: string }
  /** Somebody else talks to this board. */
  | { readonly type: 'contended'; readonly reason: string }
  /** The board prints, and does not answer: its lines are shown, nothing more. */
  | { readonly type: 'monitoring' };

export interface SessionOutput {
  send(message: HostMessage, encoding: Encoding): void;
  /** For the decoder: the encoding of the bytes that follow, and whose data is good (null: nobody's yet). */
  expect(encoding: Encoding, tag: number | null): void;
  event(event: SessionEvent): void;
}

export type Phase = 'closed' | 'waiting' | 'hello' | 'describing' | 'starting' | 'streaming' | 'refused' | 'plain';

export const linkStateOf: Record<Phase, LinkState> = {
  closed: 'absent',
  waiting: 'waiting',
  hello: 'handshake',
  describing: 'describing',
  starting: 'handshake',
  streaming: 'streaming',
  refused: 'refused',
  plain: 'waiting',
};

export type EncodingChoice = 'auto' | 'text' | 'binary' | 'plain';

export interface SessionOptions {
  readonly encoding: EncodingChoice;
  readonly cache: DescriptorCache;
  /** 32 random bits, for the nonce of each handshake. */
  readonly random32: () => number;
  readonly output: SessionOutput;
}
