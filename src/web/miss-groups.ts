/** Misses of a kind that follow one another are one line: a burst of a thousand must not push out what was before it. */
import type { MissMessage } from '../sdk/index.js';

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
  readonly first: MissMessage;
  lastMs: number;
}

let nextId = 1;

/** @param groups newest first; changed in place, and bounded. @param nowMs any monotonic clock */
export function addMiss(groups: MissGroup[], miss: MissMessage, nowMs: number): void {
  const isGap = miss.firstSeq !== undefined;
  const kind = [miss.boot, miss.stream, miss.verdict, miss.culprit, causeOf(miss)].join('/');
  const count = isGap ? (miss.count ?? null) : 1;
  const newest = groups.find((group) => group.kind === kind);
  if (newest !== undefined && nowMs - newest.lastMs <= PAUSE_MS) {
    newest.count = newest.count === null || count === null ? null : newest.count + count;
    if (miss.latenessUs !== null) newest.worstUs = Math.max(newest.worstUs ?? 0, miss.latenessUs);
    newest.lastMs = nowMs;
    return;
  }
  groups.unshift({ id: nextId++, kind, count, worstUs: miss.latenessUs, first: miss, lastMs: nowMs });
  if (groups.length > GROUPS_MAX) groups.pop();
}

/** What the evidence says caused it; empty when it says nothing. */
export function causeOf(miss: MissMessage): string {
  const cause = miss.evidence?.cause;
  return typeof cause === 'string' && cause !== 'none' && cause !== 'unknown' ? cause : '';
}
