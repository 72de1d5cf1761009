/** One board as the page sees it. What changes with every frame stays outside of the signals: plots and ages read it when they draw. */
import { signal } from '@preact/signals';
import type {
  AlarmMessage,
  BoardSubscription,
  BoardView,
  Client,
  FramesBatch,
  FramesSubscription,
  HealthMessage,
  LiveState,
  MissMessage,
  SignalDescriptor,
  StatsMessage,
} from '../sdk/index.js';
import { PLOT_COLUMNS, WINDOW_SECONDS } from './plot.js';
import { Trace } from './trace.js';

export const MISSES_SHOWN = 40;
const STATE_HZ = 10;

/** One signal of one stream: what is needed to plot it. */
export interface SignalTrace {
  readonly stream: string;
  readonly signal: SignalDescriptor;
  readonly trace: Trace;
}

export class BoardStore {
  readonly view = signal<BoardView | undefined>(undefined);
  readonly health = signal<HealthMessage | undefined>(undefined);
  readonly stats = signal<ReadonlyMap<string, StatsMessage>>(new Map());
  readonly misses = signal<readonly MissMessage[]>([]);
  readonly alarms = signal<readonly AlarmMessage[]>([]);
  readonly traces = signal<readonly SignalTrace[]>([]);
  /** Frames that this page did not get: its own slowness, or a time away. */
  readonly gaps = signal(0);
  readonly joined = signal(false);
  readonly #board: BoardSubscription;
  readonly #frames: FramesSubscription;
  /** UTC of the bridge − clock of the page, seconds: the largest seen, for the network only takes away. */
  #utcOffsetSeconds = Number.NEGATIVE_INFINITY;
  #painting = false;

  constructor(
    client: Client,
    readonly id: string,
  ) {
    this.#board = client.board(id, { rateHz: STATE_HZ });
    this.#frames = client.frames(id);
    this.#board.on('joined', ({ board }) => this.#take(board));
    this.#board.on('board', (board) => this.#take(board));
    this.#board.on('lost', () => {
      this.joined.value = false;
    });
    this.#board.on('gone', ({ reason }) => {
      if (this.view.value !== undefined) this.view.value = { ...this.view.value, gone: reason };
    });
    this.#board.on('health', (health) => {
      this.health.value = health;
    });
    this.#board.on('stats', ({ stream, ...stats }) => {
      this.stats.value = new Map(this.stats.value).set(stream, stats as unknown as StatsMessage);
    });
    this.#board.on('miss', (miss) => {
      this.misses.value = [miss, ...this.misses.value].slice(0, MISSES_SHOWN);
    });
    this.#board.on('alarm', () => {
      this.alarms.value = [...this.#board.alarms.values()];
    });
    this.#frames.on('frames', (batch) => this.#add(batch));
    this.#frames.on('gap', ({ count }) => {
      this.gaps.value += count ?? 1;
    });
  }

  /** The newest state of a stream; ask its `live` at the moment of showing it. */
  state(stream: string): LiveState | undefined {
    return this.#board.states.get(stream);
  }

  /** Whether everything that is shown is live now. False without a connection, whatever the last word was. */
  get live(): boolean {
    const { states } = this.#board;
    if (this.#board.status !== 'joined' || states.size === 0) return false;
    for (const state of states.values()) if (!state.live) return false;
    return true;
  }

  /** Age of the newest value, seconds; null when it cannot be known. */
  get ageSeconds(): number | null {
    let youngestUs = Number.POSITIVE_INFINITY;
    for (const state of this.#board.states.values())
      youngestUs = Math.min(youngestUs, state.ageUs ?? Number.POSITIVE_INFINITY);
    return Number.isFinite(youngestUs) ? youngestUs / 1e6 : null;
  }

  /** UTC as the bridge has it, seconds: the right edge of the plots. */
  readonly nowSeconds = (): number => performance.now() / 1e3 + Math.max(0, this.#utcOffsetSeconds);

  request(name: string, values: readonly number[] = []): Promise<string> {
    return this.#board.request(name, values);
  }

  leave(): void {
    this.#board.leave();
    this.#frames.leave();
  }

  #take(view: BoardView): void {
    this.joined.value = true;
    this.view.value = view;
    this.health.value = view.health ?? undefined;
    this.alarms.value = view.alarms;
    this.stats.value = new Map(
      view.streams.flatMap(({ name, stats }) => (stats === null ? [] : [[name, stats] as const])),
    );
    const before = this.traces.value;
    const streams = view.descriptor?.streams ?? [];
    this.traces.value = streams.flatMap((stream) =>
      stream.signals.map(
        (declared) =>
          before.find((old) => old.stream === stream.name && old.signal.name === declared.name) ?? {
            stream: stream.name,
            signal: declared,
            trace: new Trace(WINDOW_SECONDS, PLOT_COLUMNS),
          },
      ),
    );
  }

  #add({ sentUtcUs, streams }: FramesBatch): void {
    this.#utcOffsetSeconds = Math.max(this.#utcOffsetSeconds, sentUtcUs / 1e6 - performance.now() / 1e3);
    for (const { stream, signals, columns } of streams) {
      const { utcUs, values, rows } = columns;
      for (const [i, { name }] of signals.entries()) {
        const trace = this.traces.value.find((each) => each.stream === stream && each.signal.name === name)?.trace;
        const column = values[i];
        if (trace === undefined || column === undefined) continue;
        for (let row = 0; row < rows; row++) if (utcUs[row]! > 0) trace.add(utcUs[row]! / 1e6, column[row]!);
      }
    }
    this.#tellPainted();
  }

  /** Once per screen refresh: the bridge then knows how late its values are seen. */
  #tellPainted(): void {
    if (this.#painting) return;
    this.#painting = true;
    requestAnimationFrame(() => {
      this.#painting = false;
      this.#frames.painted();
    });
  }
}
