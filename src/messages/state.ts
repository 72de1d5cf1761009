import { verdicts } from '../deadline/verdict.js';
import { isoMicroseconds } from '../host-clock.js';
import type { StateMessage } from '../sdk/messages.js';
import { bootText, integer, known, measured, tenths } from './json-values.js';
import type { NewestFrame } from './newest-frame.js';

/**
 * The newest values of a stream, with their age and whether they are live, both at this instant.
 * @param nowUs host monotonic
 * @param utcOffsetUs UTC - host monotonic
 */
export function stateMessage(board: string, newest: NewestFrame, nowUs: number, utcOffsetUs: number): StateMessage {
  const values: Record<string, number | null> = {};
  for (const [i, { name }] of newest.signals.entries()) values[name] = measured(newest.values[i]!);
  return {
    board,
    stream: newest.name,
    boot: bootText(newest.boot),
    seq: integer(newest.seq),
    releaseUs: integer(newest.releaseUs),
    time: Number.isNaN(newest.originUs) ? null : isoMicroseconds(newest.originUs + utcOffsetUs),
    ageUs: tenths(nowUs - newest.originUs),
    uncertaintyUs: tenths(newest.uncertaintyUs),
    lifespanUs: known(newest.lifespanUs) ?? 0,
    verdict: verdicts[newest.verdict] ?? 'unknown',
    live: newest.isLive(nowUs),
    values,
  };
}
