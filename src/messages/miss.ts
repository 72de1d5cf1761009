import { culprits, verdicts } from '../deadline/verdict.js';
import type { MissRecord } from '../feed/events.js';
import { evidenceCauses } from '../feed/slot.js';
import { isoMicroseconds } from '../host-clock.js';
import type { MissMessage } from '../sdk/messages.js';
import { bootText, integer, tenths } from './json-values.js';

/**
 * A frame that missed, or a gap. Its key is (board, boot, stream, verdict, and seq or firstSeq and lastSeq): who gets one twice
 * keeps the first. A silence is told when it begins, its lastSeq and count null, and when it ends.
 * @param utcOffsetUs UTC - host monotonic
 */
export function missMessage(board: string, stream: string, miss: MissRecord, utcOffsetUs: number): MissMessage {
  return {
    board,
    stream,
    boot: bootText(miss.boot),
    ...(miss.isGap ? gapOf(miss, utcOffsetUs) : { seq: integer(miss.firstSeq) }),
    time: Number.isFinite(miss.fromUs) ? isoMicroseconds(miss.fromUs + utcOffsetUs) : null,
    verdict: verdicts[miss.verdict] ?? 'unknown',
    latenessUs: miss.isGap ? null : tenths(miss.latenessUs),
    culprit: culprits[miss.culprit] ?? 'unknown',
    segments: { firmwareUs: tenths(miss.firmwareUs), linkUs: tenths(miss.linkUs), hostUs: tenths(miss.hostUs) },
    uncertaintyUs: tenths(miss.uncertaintyUs),
    evidence: miss.hasEvidence ? evidenceOf(miss) : null,
  };
}

function gapOf(miss: MissRecord, utcOffsetUs: number) {
  return {
    firstSeq: integer(miss.firstSeq),
    lastSeq: integer(miss.lastSeq),
    count: integer(miss.count),
    fromUs: integer(miss.fromUs + utcOffsetUs),
    toUs: integer(miss.toUs + utcOffsetUs),
  };
}

const figures = [
  'startLateUs',
  'execUs',
  'queueUs',
  'stoppedUs',
  'starvedUs',
  'busyUs',
  'waitedUs',
  'provenLateUs',
  'doubtUs',
  'emulatorLagUs',
  'skippedDelta',
  'droppedDelta',
  'corruptBytes',
] as const satisfies readonly (keyof MissRecord)[];

/** What is not known is left out, so that a miss stays readable. */
function evidenceOf(miss: MissRecord): NonNullable<MissMessage['evidence']> {
  const evidence: Record<string, number | string> = { cause: evidenceCauses[miss.cause] ?? 'unknown' };
  for (const name of figures) if (Number.isFinite(miss[name])) evidence[name] = tenths(miss[name])!;
  return evidence;
}
