import type { MissMessage } from '../sdk/index.js';
import type { BoardStore } from './board-store.js';
import { microseconds } from './format.js';

const clockTime = (time: string | null): string => time?.slice(11, 23) ?? '—';

/** One sentence: which frame, how late, who, and why that is known. */
function sentence(miss: MissMessage): string {
  const cause = miss.evidence?.cause;
  const because = typeof cause === 'string' && cause !== 'none' ? ` (${cause})` : '';
  if (miss.firstSeq !== undefined) {
    const many = miss.count === null || miss.count === undefined ? 'silence' : `${miss.count} lost`;
    return `${miss.stream}: ${many} → ${miss.culprit}${because}`;
  }
  const lateness = miss.latenessUs === null ? '' : ` by ${microseconds(miss.latenessUs)}`;
  return `${miss.stream} #${miss.seq}: ${miss.verdict}${lateness} → ${miss.culprit}${because}`;
}

export function Misses({ board }: { board: BoardStore }) {
  const misses = board.misses.value;
  return (
    <section data-testid="misses">
      <h3>Latest misses</h3>
      {misses.length === 0 && <span class="dim">none since this page was opened</span>}
      <ul class="misses">
        {misses.map((miss) => (
          <li key={`${miss.boot}/${miss.stream}/${miss.seq ?? miss.firstSeq}/${miss.verdict}/${miss.time}`}>
            <time class="number">{clockTime(miss.time)}</time>
            <span>{sentence(miss)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
