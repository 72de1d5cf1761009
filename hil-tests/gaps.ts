/** Which of the gaps that a test finds are what it has done to the line. */
import type { TracedMiss } from 'tautline/hil';

/**
 * Those in which frames that were sent are missing. In real time a busy machine adds silences in which nothing is lost, and
 * firmware that is a process leaves releases out: neither has a sequence number that never came.
 */
export const gapsOnLine = (misses: readonly TracedMiss[]): TracedMiss[] =>
  misses.filter(({ isGap, firstSeq, lastSeq }) => isGap && firstSeq <= lastSeq);
