/** What a failed timing assertion prints: the worst frame with its neighbours, how the rest was spread, and how to run it again. */
import type { TracedFrame, TraceWindow } from './trace.js';

const NEIGHBOURS = 3;
const BUCKETS = 8;
const BAR = 30;

/**
 * @param worst index of the worst frame; -1 for none
 * @param figures what was measured, in order of the frames, for the histogram; may be empty
 */
export function report(window: TraceWindow, claim: string, worst: number, figures: readonly number[] = []): string {
  const parts = [claim];
  if (worst >= 0) parts.push(neighbours(window.frames, worst));
  if (figures.length > 1) parts.push(histogram(figures));
  parts.push(...floor(window), window.trace.options.replay);
  return parts.join('\n\n');
}

/** What this machine did in the same time; nothing in virtual time. */
function floor({ trace, fromUs }: TraceWindow): string[] {
  const { options, stalls, stallsLeftOut } = trace;
  if (!options.isRealTime) return [];
  const within = stalls.filter(({ atUs }) => !(atUs < fromUs));
  const leftOut = stallsLeftOut === 0 ? '' : `; ${stallsLeftOut} shorter ones were not kept`;
  const worstUs = within.reduce((worst, { us }) => Math.max(worst, us), 0);
  return [
    within.length === 0
      ? `meanwhile this process never stood still for more than 2 ms${leftOut}`
      : `meanwhile this process stood still for more than 2 ms ${within.length} times, up to ${(worstUs / 1e3).toFixed(1)} ms${leftOut}`,
  ];
}

function neighbours(frames: readonly TracedFrame[], worst: number): string {
  const from = Math.max(0, worst - NEIGHBOURS);
  const rows = frames.slice(from, worst + NEIGHBOURS + 1).map((frame, i) => row(frame, from + i === worst));
  return [head, ...rows].join('\n');
}

const columns = [
  ['seq', 10],
  ['release us', 14],
  ['late us', 8],
  ['exec us', 8],
  ['queue', 6],
  ['age us', 10],
  ['skip', 5],
  ['drop', 5],
  ['verdict', 14],
] as const;
const head = `  ${columns.map(([name, width]) => name.padStart(width)).join('')}`;

function row(frame: TracedFrame, isWorst: boolean): string {
  const cells = [
    frame.seq,
    frame.releaseUs,
    frame.lateUs,
    frame.execUs,
    frame.queueBytes,
    Math.round(frame.judgedUs - frame.releaseHostUs),
    frame.skipped,
    frame.dropped,
    frame.verdict,
  ];
  return `${isWorst ? '> ' : '  '}${cells.map((cell, i) => String(cell).padStart(columns[i]![1])).join('')}`;
}

function histogram(figures: readonly number[]): string {
  const low = figures.reduce((a, b) => Math.min(a, b));
  const high = figures.reduce((a, b) => Math.max(a, b));
  if (low === high) return `all ${figures.length} are ${low} us`;
  const counts = new Array<number>(BUCKETS).fill(0);
  const width = (high - low) / BUCKETS;
  for (const figure of figures) counts[Math.min(BUCKETS - 1, Math.floor((figure - low) / width))]!++;
  const most = Math.max(...counts);
  return counts
    .map((count, i) => {
      const bar = '#'.repeat(Math.ceil((count / most) * BAR));
      return `${(low + i * width).toFixed(0).padStart(10)} us ${String(count).padStart(8)} ${bar}`;
    })
    .join('\n');
}
