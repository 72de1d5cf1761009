/** One board as the page sees it. What changes with every frame stays outside of the signals: plots read it when they draw. */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type {
  AlarmMessage,
  BoardSubscription,
  BoardView,
  Client,
  FramesBatch,
  FramesSubscription,
  HealthMessage,
  StatsMessage,
} from '../sdk/index.js';
import { type Condition, conditionOf } from './condition.js';
import { addDeliveryMiss, addMiss, type MissGroup } from './miss-groups.js';
import { noneMissing, plus } from './missing.js';
import { PageClock } from './page-clock.js';
import { StreamStore } from './stream-store.js';

const STATE_HZ = 10;
/** How often ages and lists are written anew: often enough to follow, seldom enough to read. */
const WRITE_MS = 100;

const unknown: Condition = { state: 'waiting', word: 'NO LIVE DATA', why: '' };

export class BoardStore {
  readonly view = signal<BoardView | undefined>(undefined);
  readonly health = signal<HealthMessage | undefined>(undefined);
  readonly stats = signal<ReadonlyMap<string, StatsMessage>>(new Map());
  readonly misses = signal<readonly MissGroup[]>([]);
  readonly alarms = signal<readonly AlarmMessage[]>([]);
  readonly streams = signal<readonly StreamStore[]>([]);
  readonly joined = signal(false);
  /** `state` is exact at every paint; the age in `word` is written a few times a second. */
  readonly condition = signal<Condition>(unknown);
  /** Oldest age at which values were on the screen as live during the last second, seconds; null when they are not. */
  readonly oldestShownSeconds = signal<number | null>(null);
  /** Frames that this page did not get: its own slowness, or a time away. */
  readonly notReceived = signal(noneMissing);
  /** Misses that it was not told, because there were too many. */
  readonly missesNotListed = signal(noneMissing);
  /** Whether it was away for a time, of which it was told none. */
  readonly wasAway = signal(false);
  readonly clock = new PageClock();
  readonly #board: BoardSubscription;
  readonly #frames: FramesSubscription;
  readonly #missGroups: MissGroup[] = [];
  #missesChanged = false;
  #painting = false;
  #lostReason = '';
  #heardMs = performance.now();
  #writtenMs = 0;
  #oldest = { sinceMs: 0, seconds: 0 };

  constructor(
    client: Client,
    readonly id: string,
    readonly readOnly: ReadonlySignal<boolean>,
  ) {
    this.#board = client.board(id, { rateHz: STATE_HZ });
    this.#frames = client.frames(id);
    this.#listen();
  }

  /** In the callback of a frame: what is painted next is right. @param nowMs when the frame began */
  look(nowMs: number): void {
    batch(() => {
      const connected = this.#board.status === 'joined';
      const gone = this.view.peek()?.gone ?? null;
      const streams = this.streams.peek().map((stream) => stream.look(connected && gone === null));
      const heardSeconds = (nowMs - this.#heardMs) / 1e3;
      const link = this.health.peek()?.link ?? this.view.peek()?.status ?? 'unknown';
      const condition = conditionOf({ connected, reason: this.#lostReason, heardSeconds, gone, link, streams });
      const isTurn = nowMs - this.#writtenMs >= WRITE_MS;
      const said = this.condition.peek();
      const isOther = condition.word !== said.word || condition.why !== said.why;
      if (isOther && (isTurn || condition.state !== said.state)) this.condition.value = condition;
      const isLive = condition.state === 'live';
      if (isLive) this.#age(Math.max(...streams.map(({ ageSeconds }) => ageSeconds ?? 0)), nowMs);
      else this.oldestShownSeconds.value = null;
      if (!isTurn) return;
      this.#writtenMs = nowMs;
      for (const [i, { ageSeconds }] of streams.entries()) this.streams.peek()[i]!.ageSeconds.value = ageSeconds;
      if (this.#missesChanged) this.misses.value = this.#missGroups.map((group) => ({ ...group }));
      this.#missesChanged = false;
    });
  }

  request(name: string, values: readonly number[] = []): Promise<string> {
    return this.#board.request(name, values);
  }

  leave(): void {
    this.#board.leave();
    this.#frames.leave();
  }

  #listen(): void {
    const board = this.#board;
    board.on('joined', (reply) => {
      this.wasAway.value = this.view.peek() !== undefined;
      this.#take(reply.board);
    });
    board.on('board', (view) => this.#take(view));
    board.on('lost', ({ reason }) => {
      this.#lostReason = reason;
      this.joined.value = false;
    });
    board.on('gone', ({ reason }) => {
      if (this.view.value !== undefined) this.view.value = { ...this.view.value, gone: reason };
    });
    board.on('state', (state) => {
      this.#heard();
      this.streams
        .peek()
        .find(({ name }) => name === state.stream)
        ?.take(state);
    });
    board.on('health', (health) => {
      this.#heard();
      this.health.value = health;
    });
    board.on('stats', ({ stream, ...stats }) => {
      this.#heard();
      this.stats.value = new Map(this.stats.value).set(stream, stats as unknown as StatsMessage);
    });
    board.on('miss', (miss) => {
      addMiss(this.#missGroups, miss, performance.now());
      this.#missesChanged = true;
    });
    board.on('delivery-miss', (miss) => {
      addDeliveryMiss(this.#missGroups, miss, performance.now());
      this.#missesChanged = true;
    });
    board.on('dropped', ({ count }) => {
      this.missesNotListed.value = plus(this.missesNotListed.value, count);
    });
    board.on('alarm', () => {
      this.alarms.value = [...board.alarms.values()];
    });
    this.#frames.on('frames', (batch) => this.#plot(batch));
    this.#frames.on('gap', ({ count }) => {
      this.notReceived.value = plus(this.notReceived.value, count);
    });
  }

  #heard(): void {
    this.#heardMs = performance.now();
  }

  #age(seconds: number, nowMs: number): void {
    const oldest = this.#oldest;
    oldest.seconds = Math.max(oldest.seconds, seconds);
    if (nowMs - oldest.sinceMs < 1000) return;
    this.oldestShownSeconds.value = oldest.seconds;
    this.#oldest = { sinceMs: nowMs, seconds: 0 };
  }

  #take(view: BoardView): void {
    this.#heard();
    batch(() => {
      this.joined.value = true;
      this.view.value = view;
      this.health.value = view.health ?? undefined;
      this.alarms.value = view.alarms;
      this.stats.value = new Map(
        view.streams.flatMap(({ name, stats }) => (stats === null ? [] : [[name, stats] as const])),
      );
      const before = this.streams.peek();
      const { descriptor } = view;
      // A board without ticks prints plain lines: it does not say how fine its values are.
      this.streams.value = (descriptor?.streams ?? []).map(
        ({ name, periodUs, signals }) =>
          new StreamStore(
            name,
            periodUs,
            signals,
            before.find((old) => old.name === name),
            descriptor!.tickHz > 0,
          ),
      );
      for (const stream of this.streams.peek()) {
        const state = this.#board.states.get(stream.name);
        if (state !== undefined) stream.take(state);
      }
    });
  }

  #plot({ sentUtcUs, streams }: FramesBatch): void {
    this.#heard();
    this.clock.bridgeSaid(sentUtcUs);
    for (const { stream, signals, columns } of streams) {
      const store = this.streams.peek().find(({ name }) => name === stream);
      store?.plot(signals, columns);
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
