/** A judged frame in the feed: one slot, and continuation slots past 21 values. */
import { SIGNALS_MAX } from '../codec/schema.js';
import type { Producer, Ring } from './ring.js';
import {
  CONTINUATION_F64,
  FRAME_VALUES_IN_HEAD,
  frameSlot,
  frameSlots,
  SLOT_BYTES,
  SLOT_F64,
  SLOT_U32,
  slotHead,
  slotKinds,
} from './slot.js';

const at = frameSlot;
const f64At = frameSlot.f64;
const SLOT_U16 = SLOT_BYTES / 2;
export const FRAME_SLOTS_MAX = frameSlots(SIGNALS_MAX);

/** What the line brought: the part of the codec's frame that the feed keeps. */
export interface ReceivedFrame {
  stream: number;
  /** `dataFlags`. */
  flags: number;
  lateUs: number;
  execUs: number;
  queueBytes: number;
  skipped: number;
  dropped: number;
  /** Length on the line, delimiters included. */
  wireBytes: number;
  /** Host monotonic: stamp of the chunk that completed the frame. */
  arrivalUs: number;
  /** How many of `values` count; at most 64. */
  count: number;
  /** Scaled to their units. */
  values: Float64Array;
}

/** What was said of it. */
export interface FrameJudgement {
  /** Index into `verdicts`. */
  verdict: number;
  /** Index into `culprits`. */
  culprit: number;
  boot: number;
  /** False for a plain line: no CRC, no device time. */
  verified: boolean;
  /** Unwrapped. */
  seq: number;
  /** Device time, unwrapped. */
  releaseUs: number;
  /** The same instant on the host's monotonic clock; NaN while the clock is not valid. */
  releaseHostUs: number;
  /** Half width of what the clock model can say; Infinity while it is not valid. */
  uncertaintyUs: number;
  /** Host monotonic. */
  judgedUs: number;
  /** Signed: judged - release - deadline. */
  latenessUs: number;
  lifespanUs: number;
}

/** A frame as outlets read it. Reused: valid until the handler returns. */
export interface FrameRecord extends ReceivedFrame, FrameJudgement {
  /** Index of the board. */
  board: number;
}

export function createFrameRecord(): FrameRecord {
  return {
    board: 0,
    stream: 0,
    flags: 0,
    lateUs: 0,
    execUs: 0,
    queueBytes: 0,
    skipped: 0,
    dropped: 0,
    wireBytes: 0,
    arrivalUs: Number.NaN,
    count: 0,
    values: new Float64Array(SIGNALS_MAX),
    verdict: 0,
    culprit: 0,
    boot: 0,
    verified: false,
    seq: Number.NaN,
    releaseUs: Number.NaN,
    releaseHostUs: Number.NaN,
    uncertaintyUs: Number.NaN,
    judgedUs: Number.NaN,
    latenessUs: Number.NaN,
    lifespanUs: Number.NaN,
  };
}

/**
 * Publishes a frame. Times come in two objects, which the caller reuses, because a double passed as an argument is
 * boxed wherever the call is not inlined.
 */
export function writeFrame(producer: Producer, board: number, received: ReceivedFrame, judged: FrameJudgement): void {
  const { ring } = producer;
  const { u8, u16, f64 } = ring;
  const count = Math.min(received.count, SIGNALS_MAX);
  const slots = frameSlots(count);
  const slot = producer.claim(slots);
  const byte = slot * SLOT_BYTES;
  const half = slot * SLOT_U16;
  const double = slot * SLOT_F64;

  u8[byte + slotHead.kind] = slotKinds.frame;
  u8[byte + slotHead.continuations] = slots - 1;
  u8[byte + slotHead.board] = board;
  u8[byte + slotHead.stream] = received.stream;
  u8[byte + at.verdict] = judged.verdict;
  u8[byte + at.culprit] = judged.culprit;
  u8[byte + at.flags] = received.flags;
  u8[byte + at.signals] = count;
  ring.u32[slot * SLOT_U32 + at.boot / 4] = judged.boot;
  u16[half + at.lateUs / 2] = received.lateUs;
  u16[half + at.execUs / 2] = received.execUs;
  u16[half + at.queueBytes / 2] = received.queueBytes;
  u8[byte + at.skipped] = received.skipped;
  u8[byte + at.dropped] = received.dropped;
  u16[half + at.wireBytes / 2] = received.wireBytes;
  u8[byte + at.verified] = judged.verified ? 1 : 0;

  f64[double + f64At.seq] = judged.seq;
  f64[double + f64At.releaseUs] = judged.releaseUs;
  f64[double + f64At.releaseHostUs] = judged.releaseHostUs;
  f64[double + f64At.uncertaintyUs] = judged.uncertaintyUs;
  f64[double + f64At.arrivalUs] = received.arrivalUs;
  f64[double + f64At.judgedUs] = judged.judgedUs;
  f64[double + f64At.latenessUs] = judged.latenessUs;
  f64[double + f64At.lifespanUs] = judged.lifespanUs;
  writeValues(ring, slot, received.values, count);
  producer.publish(slots);
}

function writeValues(ring: Ring, slot: number, values: Float64Array, count: number): void {
  const { f64 } = ring;
  const inHead = Math.min(count, FRAME_VALUES_IN_HEAD);
  let to = slot * SLOT_F64 + f64At.values;
  let i = 0;
  for (; i < inHead; i++) f64[to + i] = values[i]!;
  while (i < count) {
    slot = ring.slotAfter(slot);
    ring.u8[slot * SLOT_BYTES + slotHead.kind] = slotKinds.continuation;
    to = slot * SLOT_F64 + 1;
    const end = Math.min(count, i + CONTINUATION_F64);
    while (i < end) f64[to++] = values[i++]!;
  }
}

/** Copies the frame that begins in this slot. The copy may be torn: only the cursor's check says that it is whole. */
export function readFrame(ring: Ring, slot: number, into: FrameRecord): void {
  const { u8, u16, f64 } = ring;
  const byte = slot * SLOT_BYTES;
  const half = slot * SLOT_U16;
  const double = slot * SLOT_F64;

  into.board = u8[byte + slotHead.board]!;
  into.stream = u8[byte + slotHead.stream]!;
  into.verdict = u8[byte + at.verdict]!;
  into.culprit = u8[byte + at.culprit]!;
  into.flags = u8[byte + at.flags]!;
  into.count = Math.min(u8[byte + at.signals]!, SIGNALS_MAX);
  into.boot = ring.u32[slot * SLOT_U32 + at.boot / 4]!;
  into.lateUs = u16[half + at.lateUs / 2]!;
  into.execUs = u16[half + at.execUs / 2]!;
  into.queueBytes = u16[half + at.queueBytes / 2]!;
  into.skipped = u8[byte + at.skipped]!;
  into.dropped = u8[byte + at.dropped]!;
  into.wireBytes = u16[half + at.wireBytes / 2]!;
  into.verified = u8[byte + at.verified] === 1;

  into.seq = f64[double + f64At.seq]!;
  into.releaseUs = f64[double + f64At.releaseUs]!;
  into.releaseHostUs = f64[double + f64At.releaseHostUs]!;
  into.uncertaintyUs = f64[double + f64At.uncertaintyUs]!;
  into.arrivalUs = f64[double + f64At.arrivalUs]!;
  into.judgedUs = f64[double + f64At.judgedUs]!;
  into.latenessUs = f64[double + f64At.latenessUs]!;
  into.lifespanUs = f64[double + f64At.lifespanUs]!;
  readValues(ring, slot, into.values, into.count);
}

function readValues(ring: Ring, slot: number, values: Float64Array, count: number): void {
  const { f64 } = ring;
  const inHead = Math.min(count, FRAME_VALUES_IN_HEAD);
  let from = slot * SLOT_F64 + f64At.values;
  let i = 0;
  for (; i < inHead; i++) values[i] = f64[from + i]!;
  while (i < count) {
    slot = ring.slotAfter(slot);
    from = slot * SLOT_F64 + 1;
    const end = Math.min(count, i + CONTINUATION_F64);
    while (i < end) values[i++] = f64[from++]!;
  }
}
