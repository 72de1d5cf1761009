import type { BoardStore, SignalTrace } from './board-store.js';
import { reading } from './format.js';
import { Plot } from './plot.js';

/** Distinct in light and dark, and for most colour-blind eyes. */
const colours = ['#1f8fd6', '#e08a1e', '#2aa876', '#c65bb3', '#d65a4a', '#7a78d6', '#9a8b2f', '#4fb3bf'];

interface Props {
  readonly board: BoardStore;
  readonly trace: SignalTrace;
  readonly index: number;
  readonly live: boolean;
  /** What to write over the plot when it is not live. */
  readonly stale: string;
}

export function SignalPlot({ board, trace: { stream, signal, trace }, index, live, stale }: Props) {
  const state = board.state(stream);
  const value = reading(state?.values[signal.name], signal.scale);
  return (
    <section class="plot" data-stale={stale} data-testid={`signal-${signal.name}`}>
      <header>
        <h3>
          {stream} / {signal.name}
        </h3>
        <span class="value number" title={live ? undefined : 'not live'}>
          {value}
        </span>
        <span class="unit">{signal.unit}</span>
      </header>
      <Plot trace={trace} nowSeconds={board.nowSeconds} colour={colours[index % colours.length]!} />
    </section>
  );
}
