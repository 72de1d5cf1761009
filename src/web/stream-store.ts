/** One stream as the page sees it: its newest values, whether they are live at this very frame, and what to plot. */
import { signal } from '@preact/signals';
import type { FrameColumns, LiveState, SignalDescriptor } from '../sdk/index.js';
import type { StreamLook } from './condition.js';
import { COLUMNS, WINDOWS_SECONDS, type WindowSeconds } from './plotting.js';
import { Trace } from './trace.js';

/** Periods without a frame that the plots show as a gap. */
const GAP_PERIODS = 2.5;

export type Traces = Readonly<Record<WindowSeconds, Trace>>;

export interface SignalView {
  readonly stream: StreamStore;
  readonly descriptor: SignalDescriptor;
  readonly traces: Traces;
}

export class StreamStore {
  /** Only `look` sets it, just before each paint. */
  readonly live = signal(false);
  readonly values = signal<Readonly<Record<string, number | null>>>({});
  /** Of the newest values, a few times a second. */
  readonly ageSeconds = signal<number | null>(null);
  readonly signals: readonly SignalView[];
  #state: LiveState | undefined;

  /** @param hasResolution whether the scale of a signal is its smallest step; plain lines don't tell theirs */
  constructor(
    readonly name: string,
    periodUs: number,
    declared: readonly SignalDescriptor[],
    before: StreamStore | undefined,
    readonly hasResolution: boolean,
  ) {
    const gapSeconds = GAP_PERIODS * periodUs * 1e-6;
    this.signals = declared.map((descriptor) => {
      const old = before?.signals.find(({ descriptor: { name } }) => name === descriptor.name)?.traces;
      // Other firmware may send the same signal at another rate: what was no gap is one now, or the other way round.
      const isKept = old !== undefined && Object.values(old).every((trace) => trace.gapSeconds === gapSeconds);
      return { stream: this, descriptor, traces: isKept ? old : newTraces(gapSeconds) };
    });
    if (before !== undefined) {
      this.values.value = before.values.peek();
      this.#state = before.#state;
    }
  }

  /** @param declared what the bridge calls the columns; recovered frames may have fewer: a sketch prints a signal later */
  plot(declared: readonly SignalDescriptor[], columns: FrameColumns): void {
    const { utcUs, values } = columns;
    for (const [i, column] of values.entries()) {
      const name = declared[i]?.name;
      const traces = this.signals.find(({ descriptor }) => descriptor.name === name)?.traces;
      if (traces !== undefined) for (const trace of Object.values(traces)) trace.addColumn(utcUs, column);
    }
  }

  take(state: LiveState): void {
    this.#state = state;
    this.values.value = state.values;
  }

  /** @param isJoined whether the bridge keeps these values up to date */
  look(isJoined: boolean): StreamLook {
    const live = isJoined && this.#state?.live === true;
    this.live.value = live;
    const ageUs = this.#state?.ageUs ?? null;
    return { name: this.name, live, ageSeconds: ageUs === null ? null : ageUs / 1e6 };
  }
}

/** @param gapSeconds how long nothing comes before that is a gap */
function newTraces(gapSeconds: number): Traces {
  const [short, long] = WINDOWS_SECONDS;
  return { [short]: new Trace(short, COLUMNS, gapSeconds), [long]: new Trace(long, COLUMNS, gapSeconds) };
}
