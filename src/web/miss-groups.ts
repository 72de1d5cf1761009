/** Misses of a kind that follow one another are one line: a burst of a thousand must not push out what was before it. */
import type { DeliveryMissMessage, MissMessage } from '../sdk/index.js';

export const GROUPS_MAX = 12;
/** A pause longer than this begins a new line. */
const PAUSE_MS = 5000;

export interface MissGroup {
  /** Of the page, for keys. */
  readonly id: number;
  readonly kind: string;
  /** Misses, or frames of gaps; null when a gap does not know how many, as a silence that has not ended. */
  count: number | null;
  /** The worst lateness, µs; null for gaps. */
  worstUs: number | null;
  /** The first of them; of a frame that missed its board's `boot` too. */
  readonly first: Pick<MissMessage, 'stream' | 'time'> & { readonly verdict: string; readonly culprit: string };
  /** What the evidence says caused it, or whom a delivery was for; empty when nothing is known. */
  readonly because: string;
  lastMs: number;
}

let nextId = 1;

/** @param groups newest first; changed in place, and bounded. @param nowMs any monotonic clock */
export function addMiss(groups: MissGroup[], miss: MissMessage, nowMs: number): void {
  const isGap = miss.firstSeq !== undefined;
  const because = causeOf(miss);
  const kind = [miss.boot, miss.stream, miss.verdict, miss.culprit, because].join('/');
  const count = isGap ? (miss.count ?? null) : 1;
  add(groups, { kind, because, count, worstUs: miss.latenessUs, first: miss }, nowMs);
}

/** What an outlet delivered late. */
export function addDeliveryMiss(groups: MissGroup[], miss: DeliveryMissMessage, nowMs: number): void {
  const { stream, outlet, client, culprit, count, segments } = miss;
  const because = `${outlet} to ${client ?? 'all'}`;
  const kind = [stream, culprit, because].join('/');
  const worstUs = segments.outletUs === null ? null : segments.outletUs + (segments.consumerUs ?? 0);
  add(groups, { kind, because, count, worstUs, first: miss }, nowMs);
}

function add(groups: MissGroup[], next: Omit<MissGroup, 'id' | 'lastMs'>, nowMs: number): void {
  const { kind, count, worstUs } = next;
  const newest = groups.find((group) => group.kind === kind);
  if (newest !== undefined && nowMs - newest.lastMs <= PAUSE_MS) {
    newest.count = newest.count === null || count === null ? null : newest.count + count;
    if (worstUs !== null) newest.worstUs = Math.max(newest.worstUs ?? 0, worstUs);
    newest.lastMs = nowMs;
    return;
  }
  groups.unshift({ ...next, id: nextId++, lastMs: nowMs });
  if (groups.length > GROUPS_MAX) groups.pop();
}

/** What the evidence says caused it; empty when it says nothing. */
function causeOf(miss: MissMessage): string {
  const cause = miss.evidence?.cause;
  return typeof cause === 'string' && cause !== 'none' && cause !== 'unknown' ? cause : '';
}
