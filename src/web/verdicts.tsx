import { Fragment } from 'preact';
import { culprits, verdicts } from '../deadline/verdict.js';
import type { StatsMessage } from '../sdk/index.js';
import type { BoardStore } from './board-store.js';
import { count } from './format.js';

const sum = (stats: Iterable<StatsMessage>, of: (each: StatsMessage) => number): number =>
  [...stats].reduce((total, each) => total + of(each), 0);

/** Counters of all streams since the session began. */
export function Verdicts({ board }: { board: BoardStore }) {
  const stats = [...board.stats.value.values()];
  return (
    <section data-testid="verdicts">
      <h3>Verdicts of this session</h3>
      <dl class="counters">
        {verdicts.map((verdict) => {
          const value = sum(stats, (each) => each.verdicts[verdict]);
          return (
            <div key={verdict} class={value === 0 ? 'zero' : ''}>
              <dt>{verdict}</dt>
              <dd class="number">{stats.length === 0 ? '—' : count(value)}</dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}

/** Who was late, of all that missed. */
export function Culprits({ board }: { board: BoardStore }) {
  const stats = [...board.stats.value.values()];
  const shown = culprits.filter((culprit) => culprit !== 'none' && culprit !== 'outlet' && culprit !== 'consumer');
  const counts = shown.map((culprit) => sum(stats, (each) => each.culprits[culprit]));
  const most = Math.max(1, ...counts);
  return (
    <section data-testid="culprits">
      <h3>Who was late</h3>
      <div class="culprits">
        {shown.map((culprit, i) => (
          <Fragment key={culprit}>
            <span>{culprit}</span>
            <span class="bar">
              <i
                style={{
                  width: `${(100 * counts[i]!) / most}%`,
                  background: `var(--${culprit === 'indeterminate' ? 'unknown' : culprit})`,
                }}
              />
            </span>
            <b class="number">{stats.length === 0 ? '—' : count(counts[i]!)}</b>
          </Fragment>
        ))}
      </div>
    </section>
  );
}
