import { useRef } from 'preact/hooks';
import type { BoardStore } from './board-store.js';
import { age, decimals, reading, readingWidth } from './format.js';
import { Plot } from './plot.js';
import type { SignalView } from './stream-store.js';

interface Props {
  readonly board: BoardStore;
  readonly view: SignalView;
  readonly index: number;
  /** The lowest strip carries the time axis of all. */
  readonly isLast: boolean;
}

/** One signal: its reading, large, and its last seconds. */
export function Strip({ board, view, index, isLast }: Props) {
  const { stream, descriptor } = view;
  const { name, unit, scale, min, max } = descriptor;
  const isLive = stream.live.value;
  const value = stream.values.value[name];
  // Readings of a plain line keep the decimals that they have had: else the point would jump.
  const most = useRef(0);
  const text = reading(value, scale, most.current);
  most.current = Math.min(4, Math.max(most.current, decimals(text)));
  const isOutside = typeof value === 'number' && (value < (min ?? value) || value > (max ?? value));
  return (
    <section
      class="strip"
      data-testid={`signal-${stream.name}-${name}`}
      data-live={isLive}
      data-stream={stream.name}
      aria-label={`${stream.name} ${name}`}
    >
      <div class="reading">
        <h3>
          {name}
          {isOutside && (
            <span class="outside">
              {' '}
              outside {min} to {max}
            </span>
          )}
        </h3>
        <p>
          <span class="value number" style={{ minWidth: `${readingWidth(scale, min, max)}ch` }}>
            {isLive ? text : <s>{text}</s>}
          </span>
          <span class="unit">{unit}</span>
        </p>
        <p class="old">{isLive ? '' : <Old stream={stream} />}</p>
      </div>
      <Plot
        board={board}
        view={view}
        colour={index}
        hasAxis={isLast}
        resolution={stream.hasResolution ? Math.abs(scale) : 0}
      />
    </section>
  );
}

function Old({ stream }: { stream: SignalView['stream'] }) {
  const seconds = stream.ageSeconds.value;
  return <>not live{seconds !== null && `, ${age(seconds)} old`}</>;
}
