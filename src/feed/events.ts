/** Records of the events ring: misses, stats and health in one slot each; texts are in `text.ts`. */
import { culprits, verdicts } from '../deadline/verdict.js';
import type { Producer, Ring } from './ring.js';
import {
  EVENT_FEED_OFFSET,
  healthSlot,
  missSlot,
  SLOT_BYTES,
  SLOT_F64,
  SLOT_U32,
  slotHead,
  slotKinds,
  statsSlot,
} from './slot.js';

type F64Fields<Layout extends { readonly f64: Record<string, number> }> = {
  -readonly [Name in keyof Layout['f64']]: number;
};

/** One frame that missed, or one gap. Reused by the reader. Units are in the names; `missSlot` explains the fields. */
export interface MissRecord extends F64Fields<typeof missSlot> {
  board: number;
  stream: number;
  /** Index into `verdicts`. */
  verdict: number;
  /** Index into `culprits`. */
  culprit: number;
  isGap: boolean;
  hasEvidence: boolean;
  boot: number;
  /** Index into `evidenceCauses`. */
  cause: number;
}

/** Counters of one stream since its session began. Reused by the reader. */
export interface StatsRecord extends Omit<F64Fields<typeof statsSlot>, 'verdicts' | 'culprits'> {
  board: number;
  stream: number;
  boot: number;
  /** 10 counters, in the order of `verdicts`. */
  verdicts: Float64Array;
  /** 7 counters, in the order of `culprits`. */
  culprits: Float64Array;
}

/** State of one board. Reused by the reader. */
export interface HealthRecord extends F64Fields<typeof healthSlot> {
  board: number;
  /** Index into `linkStates`. */
  link: number;
  /** `armStates`. */
  arm: number;
  /** `tripCauses`. */
  tripCause: number;
  live: boolean;
  boot: number;
  degraded: boolean;
  /** `encodings`. */
  encoding: number;
}

type FieldTable = readonly (readonly [name: string, index: number])[];
const fieldTable = (layout: Readonly<Record<string, number>>): FieldTable =>
  Object.entries(layout).filter(([, index]) => index !== EVENT_FEED_OFFSET);
const missFields = fieldTable(missSlot.f64);
const healthFields = fieldTable(healthSlot.f64);
const { verdicts: VERDICTS_AT, culprits: CULPRITS_AT, ...statsScalars } = statsSlot.f64;
const statsFields = fieldTable(statsScalars);

const blank = (layout: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.keys(layout).map((name) => [name, Number.NaN]));

/** Every figure NaN: what the writer doesn't know stays unknown. */
export function createMissRecord(): MissRecord {
  return {
    board: 0,
    stream: 0,
    verdict: 0,
    culprit: 0,
    isGap: false,
    hasEvidence: false,
    boot: 0,
    cause: 0,
    ...(blank(missSlot.f64) as F64Fields<typeof missSlot>),
  };
}

export function createStatsRecord(): StatsRecord {
  return {
    board: 0,
    stream: 0,
    boot: 0,
    ...(blank(statsScalars) as Omit<F64Fields<typeof statsSlot>, 'verdicts' | 'culprits'>),
    verdicts: new Float64Array(verdicts.length),
    culprits: new Float64Array(culprits.length),
  };
}

export function createHealthRecord(): HealthRecord {
  return {
    board: 0,
    link: 0,
    arm: 0,
    tripCause: 0,
    live: false,
    boot: 0,
    degraded: false,
    encoding: 0,
    ...(blank(healthSlot.f64) as F64Fields<typeof healthSlot>),
  };
}

function begin(events: Producer, kind: number, record: { board: number; stream?: number }, feedOffset: number): number {
  const slot = events.claim(1);
  const byte = slot * SLOT_BYTES;
  const { u8 } = events.ring;
  u8[byte + slotHead.kind] = kind;
  u8[byte + slotHead.continuations] = 0;
  u8[byte + slotHead.board] = record.board;
  u8[byte + slotHead.stream] = record.stream ?? 0;
  events.ring.f64[slot * SLOT_F64 + EVENT_FEED_OFFSET] = feedOffset;
  return slot;
}

function putFields(ring: Ring, slot: number, fields: FieldTable, from: object): void {
  const base = slot * SLOT_F64;
  for (const field of fields) ring.f64[base + field[1]] = (from as Record<string, number>)[field[0]]!;
}

function takeFields(ring: Ring, slot: number, fields: FieldTable, into: object): void {
  const base = slot * SLOT_F64;
  for (const field of fields) (into as Record<string, number>)[field[0]] = ring.f64[base + field[1]]!;
  (into as Record<string, number>).feedOffset = ring.f64[base + EVENT_FEED_OFFSET]!;
}

/** Publishes a miss; `feedOffset` is the head of the feed now, and the record's own is not looked at. */
export function writeMiss(events: Producer, miss: MissRecord, feedOffset: number): void {
  const slot = begin(events, slotKinds.miss, miss, feedOffset);
  const { u8, u32 } = events.ring;
  const byte = slot * SLOT_BYTES;
  u8[byte + missSlot.verdict] = miss.verdict;
  u8[byte + missSlot.culprit] = miss.culprit;
  u8[byte + missSlot.isGap] = miss.isGap ? 1 : 0;
  u8[byte + missSlot.hasEvidence] = miss.hasEvidence ? 1 : 0;
  u8[byte + missSlot.cause] = miss.cause;
  u32[slot * SLOT_U32 + missSlot.boot / 4] = miss.boot;
  putFields(events.ring, slot, missFields, miss);
  events.publish(1);
}

export function readMiss(ring: Ring, slot: number, into: MissRecord): void {
  const { u8 } = ring;
  const byte = slot * SLOT_BYTES;
  into.board = u8[byte + slotHead.board]!;
  into.stream = u8[byte + slotHead.stream]!;
  into.verdict = u8[byte + missSlot.verdict]!;
  into.culprit = u8[byte + missSlot.culprit]!;
  into.isGap = u8[byte + missSlot.isGap] === 1;
  into.hasEvidence = u8[byte + missSlot.hasEvidence] === 1;
  into.cause = u8[byte + missSlot.cause]!;
  into.boot = ring.u32[slot * SLOT_U32 + missSlot.boot / 4]!;
  takeFields(ring, slot, missFields, into);
}

/** Publishes the counters of a stream. */
export function writeStats(events: Producer, stats: StatsRecord, feedOffset: number): void {
  const slot = begin(events, slotKinds.stats, stats, feedOffset);
  const { f64, u32 } = events.ring;
  const double = slot * SLOT_F64;
  u32[slot * SLOT_U32 + statsSlot.boot / 4] = stats.boot;
  for (let i = 0; i < verdicts.length; i++) f64[double + VERDICTS_AT + i] = stats.verdicts[i]!;
  for (let i = 0; i < culprits.length; i++) f64[double + CULPRITS_AT + i] = stats.culprits[i]!;
  putFields(events.ring, slot, statsFields, stats);
  events.publish(1);
}

export function readStats(ring: Ring, slot: number, into: StatsRecord): void {
  const byte = slot * SLOT_BYTES;
  const double = slot * SLOT_F64;
  into.board = ring.u8[byte + slotHead.board]!;
  into.stream = ring.u8[byte + slotHead.stream]!;
  into.boot = ring.u32[slot * SLOT_U32 + statsSlot.boot / 4]!;
  for (let i = 0; i < verdicts.length; i++) into.verdicts[i] = ring.f64[double + VERDICTS_AT + i]!;
  for (let i = 0; i < culprits.length; i++) into.culprits[i] = ring.f64[double + CULPRITS_AT + i]!;
  takeFields(ring, slot, statsFields, into);
}

/** Publishes the state of a board. */
export function writeHealth(events: Producer, health: HealthRecord, feedOffset: number): void {
  const slot = begin(events, slotKinds.health, health, feedOffset);
  const { u8, u32 } = events.ring;
  const byte = slot * SLOT_BYTES;
  u8[byte + healthSlot.link] = health.link;
  u8[byte + healthSlot.arm] = health.arm;
  u8[byte + healthSlot.tripCause] = health.tripCause;
  u8[byte + healthSlot.live] = health.live ? 1 : 0;
  u8[byte + healthSlot.degraded] = health.degraded ? 1 : 0;
  u8[byte + healthSlot.encoding] = health.encoding;
  u32[slot * SLOT_U32 + healthSlot.boot / 4] = health.boot;
  putFields(events.ring, slot, healthFields, health);
  events.publish(1);
}

export function readHealth(ring: Ring, slot: number, into: HealthRecord): void {
  const { u8 } = ring;
  const byte = slot * SLOT_BYTES;
  into.board = u8[byte + slotHead.board]!;
  into.link = u8[byte + healthSlot.link]!;
  into.arm = u8[byte + healthSlot.arm]!;
  into.tripCause = u8[byte + healthSlot.tripCause]!;
  into.live = u8[byte + healthSlot.live] === 1;
  into.degraded = u8[byte + healthSlot.degraded] === 1;
  into.encoding = u8[byte + healthSlot.encoding]!;
  into.boot = ring.u32[slot * SLOT_U32 + healthSlot.boot / 4]!;
  takeFields(ring, slot, healthFields, into);
}
