/** Whether what the bridge said of late and lost frames is good enough. Pure. */
import { type Findings, verdictOf } from '../harness/benchmark.js';
import type { Figures } from './score.js';

/** Fewer say nothing about a cause. */
const LATE_FRAMES_MIN = 150;
const bars = {
  accuracy: 0.99,
  indeterminate: 0.01,
  setAside: 0.2,
  overlapping: { accuracy: 0.9, indeterminate: 0.12 },
  simulatedIndeterminate: 0.02,
  /** Past the lease, 99th percentile. */
  silenceUs: 2000,
};

export interface Delivered {
  readonly cause: string;
  /** Whose fault it was said to be that it came late. */
  readonly consumer: number;
  readonly outlet: number;
  readonly indeterminate: number;
  /** Said of clients or outlets that were not held up. */
  readonly others: number;
}

type Score = Pick<Figures, 'accuracy' | 'indeterminate'>;

export interface BlameFindings {
  readonly running: Score & Pick<Figures, 'setAside'>;
  readonly together: Score;
  readonly perCause: Readonly<Record<string, Pick<Figures, 'lateFrames'>>>;
  readonly metButBlamed: number;
  readonly simulated: Score;
  readonly silenceP99Us: number;
  readonly delivered: readonly Delivered[];
  /** A handful of faults: only whether all was measured. */
  readonly isSmoke: boolean;
}

export function blameVerdict(found: BlameFindings) {
  if (found.isSmoke) return verdictOf([], 'smoke', { failures: unmeasured(found) });
  const late = found.running.setAside ?? 1;
  const isMachineLate = late > bars.setAside;
  const findings: Required<Findings> = {
    // On a machine that was itself late only what holds on any is certain.
    failures: [...certain(found), ...(isMachineLate ? [] : measured(found))],
    doubts: [
      ...(isMachineLate
        ? [`the machine itself was late: ${percent(late)} of the frames set aside`, ...measured(found)]
        : []),
      ...tooFew(found),
    ],
  };
  return verdictOf([], 'normal', findings);
}

const percent = (fraction: number | null) => `${((fraction ?? Number.NaN) * 100).toFixed(2)} %`;

function unmeasured({ running, together, simulated, silenceP99Us }: BlameFindings): string[] {
  return [
    ...(running.accuracy === null ? ['single faults: no late frame was judged'] : []),
    ...(together.accuracy === null ? ['overlapping: no late frame was judged'] : []),
    ...(simulated.accuracy === null ? ['simulator: no late frame was judged'] : []),
    ...(Number.isNaN(silenceP99Us) ? ['no silence was told'] : []),
  ];
}

/** In virtual time, and of frames of which the board's own log says that they were in time. */
function certain({ metButBlamed, simulated }: BlameFindings): string[] {
  const failures: string[] = [];
  if (metButBlamed > 0) failures.push(`${metButBlamed} frames that had met were blamed on somebody`);
  if (simulated.accuracy !== 1) failures.push(`simulator: ${percent(simulated.accuracy)} of the decided right`);
  if (!((simulated.indeterminate ?? 1) <= bars.simulatedIndeterminate))
    failures.push(`simulator: ${percent(simulated.indeterminate)} left open`);
  return failures;
}

function measured({ running, together, silenceP99Us, delivered }: BlameFindings): string[] {
  const failures: string[] = [];
  if (!((running.accuracy ?? 0) >= bars.accuracy))
    failures.push(`single faults: ${percent(running.accuracy)} of the decided right`);
  if (!((running.indeterminate ?? 1) <= bars.indeterminate))
    failures.push(`single faults: ${percent(running.indeterminate)} left open`);
  if (!((together.accuracy ?? 0) >= bars.overlapping.accuracy))
    failures.push(`overlapping: ${percent(together.accuracy)} of the decided right`);
  if (!((together.indeterminate ?? 1) <= bars.overlapping.indeterminate))
    failures.push(`overlapping: ${percent(together.indeterminate)} left open`);
  if (!(silenceP99Us <= bars.silenceUs))
    failures.push(`silence was told ${silenceP99Us.toFixed(0)} µs after the lease at the 99th percentile`);
  for (const { cause, consumer, outlet, others } of delivered) {
    if (consumer === 0 || outlet + others > 0)
      failures.push(`${cause}: ${consumer} on the consumer, ${outlet} on the outlet, ${others} on others`);
  }
  return failures;
}

/** @returns the causes of which too few late or lost frames came to say anything, each as a reason */
function tooFew({ perCause }: BlameFindings): string[] {
  return Object.entries(perCause)
    .filter(([, { lateFrames }]) => lateFrames < LATE_FRAMES_MIN)
    .map(([name, { lateFrames }]) => `${name}: ${lateFrames} late or lost frames, wanted at least ${LATE_FRAMES_MIN}`);
}
