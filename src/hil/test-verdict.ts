/** How a test ended, for reporters: on `task.meta.hil`. */
import type { TraceSummary } from './trace-summary.js';

export const testVerdicts = {
  pass: 'everything held',
  marginal: 'everything held, something by less than a tenth of its limit',
  fail: 'something did not hold',
  inconclusive: 'this machine was too busy to tell',
  'set-up error': 'there was no board to test, so nothing was tested',
  skipped: 'the target cannot do what the test needs',
} as const;
export type TestVerdict = keyof typeof testVerdicts;

/** The share of a limit from which on a figure that holds is marginal. */
export const MARGINAL_SHARE = 0.9;

export interface TestMeta {
  readonly verdict: TestVerdict;
  /** Why it was not judged, or what went wrong; null for pass and marginal. */
  readonly reason: string | null;
  /** Claims that held within a tenth of their limit. */
  readonly marginal: readonly string[];
  /** What went wrong before the board came up at the second try; null when it came up at once. */
  readonly unstable: string | null;
  readonly target: string;
  readonly seed: number;
  /** Shell command that runs it again. */
  readonly again: string;
  /** Of the recording; null when there is none. */
  readonly artefact: string | null;
  /** What the host did to the test meanwhile, in words; null in virtual time, and on a quiet machine. */
  readonly noise: string | null;
  /** Null when there was no board. */
  readonly trace: TraceSummary | null;
}

/** A replay goes on where the recorded test had ended. */
export class RecordingEnded extends Error {
  override readonly name = 'RecordingEnded';
}

/** A wait of the kit that ended in vain. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';

  /** @param excuse what this machine did meanwhile, where that explains it; null where it does not */
  constructor(
    message: string,
    readonly excuse: string | null = null,
  ) {
    super(message);
  }
}

/** There is no board to test: nothing was tested, so nothing has failed. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}
