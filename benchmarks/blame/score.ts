/** Compares what the bridge said of each late or lost frame with what happened to it. */
import type { OfferedContract } from '#dist/codec/descriptor.js';
import { culprits, verdictCode } from '#dist/deadline/verdict.js';
import type { MissRow } from './records.js';
import type { Evidence, Late } from './rig.js';
import { culpritOf, segmentsOf, type TrueFrame } from './truth.js';

export interface Window {
  readonly cause: string;
  readonly fromUs: number;
  readonly toUs: number;
}

/** One decision, of one late frame, of `count` lost ones, or of a silence after which nothing is missing. */
export interface Decision {
  readonly cause: string;
  readonly truth: string;
  readonly told: string;
  readonly count: number;
  /** The machine itself was late meanwhile, by more than what divides the worst segment from the second. */
  readonly isSetAside: boolean;
  readonly miss: MissRow;
}

export interface Judged {
  readonly decisions: readonly Decision[];
  /** Frames that had met, and were blamed on somebody as late. */
  readonly metButBlamed: number;
}

export function judge(evidence: Evidence, windows: readonly Window[], contract: OfferedContract): Judged {
  const decisions: Decision[] = [];
  let metButBlamed = 0;
  for (const miss of evidence.misses) {
    const told = culprits[miss.culprit]!;
    const isLate = miss.verdict === verdictCode.late || miss.verdict === verdictCode.stale;
    const frame = evidence.truth.get(miss.firstSeq);
    if (isLate && frame !== undefined && miss.toUs - frame.releaseUs <= contract.deadlineUs) {
      if (told !== 'indeterminate') metButBlamed++;
      continue;
    }
    const cause = windows.find(({ fromUs, toUs }) => miss.toUs >= fromUs && miss.toUs < toUs)?.cause;
    if (cause === undefined) continue;
    // A silence after which nothing is missing is of who held the frame that ended it.
    const held = miss.isGap && miss.count === 0 ? evidence.truth.get(miss.lastSeq + 1) : isLate ? frame : undefined;
    if (held !== undefined) {
      const { culprit: truth, marginUs } = culpritOf(segmentsOf(held, miss.toUs), contract.budgets);
      const isSetAside = floorLateUs(evidence.floor, held.releaseUs, miss.toUs) > marginUs;
      decisions.push({ cause, truth, told, count: 1, isSetAside, miss });
    } else if (miss.isGap) {
      const truth = loser(miss, evidence.truth);
      if (truth !== null) decisions.push({ cause, truth, told, count: miss.count, isSetAside: false, miss });
    }
  }
  return { decisions, metButBlamed };
}

/** Who lost most frames of a gap; null while it is a silence under way, of which nobody knows what it cost, and when two lost as many. */
function loser({ firstSeq, lastSeq, count }: MissRow, truth: ReadonlyMap<number, TrueFrame>): string | null {
  if (!(count > 0)) return null;
  let sent = 0;
  let readable = 0;
  for (let seq = firstSeq; seq <= lastSeq; seq++) {
    const frame = truth.get(seq);
    if (frame === undefined) continue;
    sent++;
    if (!Number.isNaN(frame.readableUs)) readable++;
  }
  const losses: [string, number][] = [
    ['firmware', count - sent],
    ['link', sent - readable],
    ['host', readable],
  ];
  const [first, second] = losses.sort(([, a], [, b]) => b - a);
  return first![1] > second![1] ? first![0] : null;
}

/** By how much the machine was late within this time, whoever ran on it. */
export const floorLateUs = (floor: readonly Late[], fromUs: number, toUs: number): number =>
  floor.reduce(
    (sum, { plannedUs, wokeUs }) => sum + Math.max(0, Math.min(wokeUs, toUs) - Math.max(plannedUs, fromUs)),
    0,
  );

export interface Figures {
  readonly accuracy: number | null;
  readonly indeterminate: number | null;
  readonly setAside: number | null;
  readonly lateFrames: number;
}

/** Fractions 0..1: of the decided those that were right; of all those left open; of all those set aside. */
export function figuresOf(decisions: readonly Decision[]): Figures {
  const sum = (some: readonly Decision[]) => some.reduce((total, { count }) => total + count, 0);
  const kept = decisions.filter(({ isSetAside }) => !isSetAside);
  const decided = kept.filter(({ told }) => told !== 'indeterminate');
  const share = (part: number, of: number) => (of > 0 ? part / of : null);
  return {
    accuracy: share(sum(decided.filter(({ told, truth }) => told === truth)), sum(decided)),
    indeterminate: share(sum(kept) - sum(decided), sum(kept)),
    setAside: share(sum(decisions) - sum(kept), sum(decisions)),
    lateFrames: sum(kept),
  };
}
