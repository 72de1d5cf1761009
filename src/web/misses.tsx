import type { BoardStore } from './board-store.js';
import { count, dayTime, microseconds } from './format.js';
import type { MissGroup } from './miss-groups.js';
import { missingText, noneMissing } from './missing.js';
import { today } from './today.js';

/** One line: how many of what, how late at worst, who, and why that is known. */
export function Misses({ board }: { board: BoardStore }) {
  const groups = board.misses.value;
  const omitted = board.missesNotListed.value;
  const wasAway = board.wasAway.value;
  return (
    <section data-testid="misses">
      <h3>Misses since this page was opened</h3>
      {groups.length === 0 && !wasAway && omitted === noneMissing && <p class="dim">none</p>}
      <ol class="lines">
        {groups.map((group) => (
          <li key={group.id}>
            <Time iso={group.first.time} />
            <span>{sentence(group)}</span>
          </li>
        ))}
      </ol>
      {wasAway && <p class="dim">those while it was not connected are not listed</p>}
      {omitted !== noneMissing && <p class="dim">not listed, for there were too many: {missingText(omitted)}</p>}
    </section>
  );
}

function sentence({ count: many, worstUs, first, because }: MissGroup): string {
  const howMany =
    many === null || many === 0 ? 'silence' : many === 1 ? first.verdict : `${count(many)} × ${first.verdict}`;
  const howLate =
    worstUs === null ? '' : many === 1 ? ` by ${microseconds(worstUs)}` : `, worst ${microseconds(worstUs)}`;
  return `${first.stream}: ${howMany}${howLate} → ${first.culprit}${because && ` (${because})`}`;
}

function Time({ iso }: { iso: string | null }) {
  if (iso === null) return <span class="time number">—</span>;
  return (
    <time class="time number" dateTime={iso} title={iso}>
      {dayTime(Date.parse(iso), today.value, true)}
    </time>
  );
}
