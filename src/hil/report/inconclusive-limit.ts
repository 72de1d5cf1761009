/** A run of which too much is inconclusive has tested too little to be called passed. */
import type { RunReport } from './run-report.js';

/** Share of inconclusive tests among those that were not skipped, in percent. */
export function inconclusivePercent({ verdicts, tests }: Pick<RunReport, 'verdicts' | 'tests'>): number {
  const judged = tests.length - verdicts.skipped;
  return judged === 0 ? 0 : (100 * verdicts.inconclusive) / judged;
}

/** @returns what is wrong and what to do, in one line; null when the share is within the limit */
export function overLimit(report: Pick<RunReport, 'verdicts' | 'tests'>, percentMax: number | null): string | null {
  const percent = inconclusivePercent(report);
  if (percentMax === null || percent <= percentMax) return null;
  const { verdicts, tests } = report;
  return (
    `${verdicts.inconclusive} of ${tests.length - verdicts.skipped} judged tests are inconclusive (${percent.toFixed(0)} %), and ${percentMax} % may be: ` +
    'this machine was too busy to test on. Run it with less beside it, or with the right to real-time priority; HIL_INCONCLUSIVE_MAX is the limit in percent'
  );
}
