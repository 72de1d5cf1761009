/**
 * Layout of the ring's slots. Two rings share it: the feed (frames) and the events ring (everything that must not be
 * pushed out by frames). A record is one slot, or one slot and continuation slots that directly follow it and are
 * published with it in one store of the head.
 */

export const SLOT_BYTES = 256;
export const SLOT_F64 = SLOT_BYTES / 8;
export const SLOT_U32 = SLOT_BYTES / 4;

/** Byte 0 of every slot. Append only. */
export const slotKinds = {
  empty: 0,
  continuation: 1,
  // feed ring
  frame: 2,
  lost: 3, //      of a copy of a feed on another machine: a slot that never came
  // events ring
  miss: 16, //     one frame that missed, or one gap: segments, culprit, evidence
  stats: 17, //    counters of one stream, once a second
  health: 18, //   liveness, clock, heartbeat and arm state of one board, on change and once a second
  text: 19, //     JSON: descriptors, alarms, board comings and goings, log lines
} as const;

/** Byte offsets common to all kinds. */
export const slotHead = {
  kind: 0, //          u8
  continuations: 1, // u8: how many slots follow and belong to this record
  board: 2, //         u8: index of the board, 255 = the bridge itself
  stream: 3, //        u8: number of the stream on the wire
} as const;

/** f64 index, in every kind of the events ring: head of the feed when the event was published. It orders the two rings. */
export const EVENT_FEED_OFFSET = 2;

/** Frame. f64 offsets are indices into the slot as f64[32]; u8/u16/u32 offsets are bytes. */
export const frameSlot = {
  verdict: 4, //      u8  index into `verdicts`
  culprit: 5, //      u8  index into `culprits`
  flags: 6, //        u8  dataFlags
  signals: 7, //      u8  number of values
  boot: 8, //         u32 boot id
  lateUs: 12, //      u16 device: start of the job - release
  execUs: 14, //      u16
  queueBytes: 16, //  u16
  skipped: 18, //     u8
  dropped: 19, //     u8
  wireBytes: 20, //   u16 length on the line, delimiters included
  verified: 22, //    u8  0 = plain line (no CRC, no device time)
  f64: {
    seq: 3, //            unwrapped
    releaseUs: 4, //      device time, unwrapped
    releaseHostUs: 5, //  the same instant on the host's monotonic clock, NaN while the clock is not valid
    uncertaintyUs: 6, //  half width of what the clock model can say, Infinity while it is not valid
    arrivalUs: 7, //      host monotonic: stamp of the chunk that completed the frame
    judgedUs: 8, //       host monotonic
    latenessUs: 9, //     signed: judged - release - deadline
    lifespanUs: 10,
    values: 11, //        first value, scaled to its unit; continuation slots hold 31 more each, from index 1
  },
} as const;
export const FRAME_VALUES_IN_HEAD = SLOT_F64 - frameSlot.f64.values;
export const CONTINUATION_F64 = SLOT_F64 - 1;

/** Slots that a frame of so many values takes. */
export function frameSlots(signals: number): number {
  return 1 + Math.ceil(Math.max(0, signals - FRAME_VALUES_IN_HEAD) / CONTINUATION_F64);
}

/** Miss. */
export const missSlot = {
  verdict: 4, //  u8
  culprit: 5, //  u8
  isGap: 6, //    u8  1: firstSeq..lastSeq, fromUs..toUs count; 0: one frame
  hasEvidence: 7, // u8  0 past 100 a second: counted and attributed, but without its evidence
  boot: 8, //     u32
  cause: 12, //   u8  index into `evidenceCauses`
  f64: {
    firstSeq: 3, // of the frame, or of the gap
    lastSeq: 4,
    count: 5, //    NaN when a silence cannot say
    fromUs: 6, //   host monotonic
    toUs: 7,
    latenessUs: 8, // NaN for a gap
    firmwareUs: 9,
    linkUs: 10,
    hostUs: 11,
    uncertaintyUs: 12,
    // evidence
    startLateUs: 13,
    execUs: 14,
    queueUs: 15,
    stoppedUs: 16, //  the process was stopped
    starvedUs: 17, //  runnable without a CPU
    busyUs: 18, //     on the CPU, in something else
    waitedUs: 19, //   asleep, with nothing to read
    provenLateUs: 20, // still not readable at the last look
    doubtUs: 21,
    emulatorLagUs: 22,
    skippedDelta: 23,
    droppedDelta: 24,
    corruptBytes: 25,
    feedOffset: EVENT_FEED_OFFSET,
  },
} as const;

/** Stats of one stream since the session began. */
export const statsSlot = {
  boot: 8, // u32
  f64: {
    verdicts: 3, //  10 counters, in the order of `verdicts`
    culprits: 13, // 7 counters, in the order of `culprits`
    arrivalJitterP99Us: 20,
    releaseJitterMaxUs: 21,
    rateHz: 22,
    window: 23, //      m of the last k met: met so far
    windowSize: 24,
    corruptBytes: 25,
    newestSeq: 26,
    newestReleaseHostUs: 27,
    worstLatenessUs: 28,
    judgedUs: 29, //    when this was written
    feedOffset: EVENT_FEED_OFFSET,
  },
} as const;

/** Health of one board. */
export const healthSlot = {
  link: 4, //       u8 index into `linkStates`
  arm: 5, //        u8 armStates
  tripCause: 6, //  u8 tripCauses
  live: 7, //       u8 1 when the newest frame of every stream is within its lifespan
  boot: 8, //       u32
  degraded: 12, //  u8 (m,k) violated
  encoding: 13, //  u8 encodings
  f64: {
    sinceUs: 3, //            host monotonic: last change of the link state
    offsetUs: 4, //           host - device clock
    uncertaintyUs: 5,
    driftPpm: 6,
    roundTripUs: 7,
    bytes: 8,
    corruptFrames: 9,
    foreignFrames: 10,
    overlongLines: 11,
    reconnects: 12,
    boots: 13,
    heartbeats: 14,
    deviceOverruns: 15,
    deviceReceiveErrors: 16,
    deviceDrops: 17,
    execMaxUs: 18,
    lineLoad: 19, //          fraction of the line's capacity in use
    emulatorLagUs: 20,
    writtenUs: 21,
    feedOffset: EVENT_FEED_OFFSET,
  },
} as const;

/** Text: UTF-8 that goes on in the continuation slots, from their byte 8. */
export const textSlot = {
  byteLength: 8, // u32, of the whole text
  bytes: 24, //     first byte
} as const;
export const TEXT_BYTES_IN_HEAD = SLOT_BYTES - textSlot.bytes;
export const TEXT_BYTES_IN_CONTINUATION = SLOT_BYTES - 8;
/** `continuations` is a u8. */
export const TEXT_SLOTS_MAX = 256;
/** Longest text of one record: 63,472 bytes. */
export const TEXT_BYTES_MAX = TEXT_BYTES_IN_HEAD + (TEXT_SLOTS_MAX - 1) * TEXT_BYTES_IN_CONTINUATION;

/** Append only. */
export const linkStates = [
  'absent',
  'opening',
  'waiting',
  'handshake',
  'describing',
  'streaming',
  'silent',
  'refused',
] as const;
export type LinkState = (typeof linkStates)[number];

export { type EvidenceCause, evidenceCauses } from '../deadline/cause.js';
