/** A miss as JSON. Its key is (board, boot, stream, seq): who sees one twice, after a reconnect, keeps the first. */
import { culprits, verdicts } from '../deadline/verdict.js';
import type { MissRecord } from '../feed/events.js';
import { evidenceCauses } from '../feed/slot.js';
import { hex8, jsonInteger, jsonTime } from './json.js';

/** @param utcUs the UTC time of a monotonic instant */
export function missJson(
  board: string,
  stream: string,
  miss: MissRecord,
  utcUs: (monotonicUs: number) => number,
): string {
  const gap = miss.isGap
    ? `"firstSeq":${jsonInteger(miss.firstSeq)},"lastSeq":${jsonInteger(miss.lastSeq)},"count":${jsonInteger(miss.count)},` +
      `"fromUs":${jsonInteger(miss.fromUs)},"toUs":${jsonInteger(miss.toUs)},`
    : '';
  return (
    `{"board":${JSON.stringify(board)},"stream":${JSON.stringify(stream)},"boot":"${hex8(miss.boot)}",` +
    `"seq":${jsonInteger(miss.firstSeq)},${gap}"time":${jsonTime(utcUs(miss.toUs))},` +
    `"verdict":"${verdicts[miss.verdict]}","latenessUs":${miss.isGap ? 'null' : jsonInteger(miss.latenessUs)},` +
    `"culprit":"${culprits[miss.culprit]}","segments":{"firmwareUs":${jsonInteger(miss.firmwareUs)},` +
    `"linkUs":${jsonInteger(miss.linkUs)},"hostUs":${jsonInteger(miss.hostUs)}},` +
    `"uncertaintyUs":${jsonInteger(miss.uncertaintyUs)},"evidence":${miss.hasEvidence ? evidenceJson(miss) : 'null'}}`
  );
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
function evidenceJson(miss: MissRecord): string {
  let json = `{"cause":"${evidenceCauses[miss.cause]}"`;
  for (const name of figures) {
    if (Number.isFinite(miss[name])) json += `,"${name}":${jsonInteger(miss[name])}`;
  }
  return `${json}}`;
}
