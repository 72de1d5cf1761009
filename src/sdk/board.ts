import { LiveState, type LocalClock } from './live-state.js';
import type {
  AlarmMessage,
  BoardView,
  DeliveryMissMessage,
  DroppedMessage,
  HealthMessage,
  MissMessage,
  StateMessage,
  StatsMessage,
} from './messages.js';
import { Subscription, type SubscriptionEvents } from './subscription.js';
import type { Transport } from './transport.js';
import type { Way } from './way.js';

/** How often the client looks whether a value went stale, to tell it; `LiveState.live` itself is always exact. */
const STALE_CHECK_MS = 50;

export interface BoardReply {
  readonly epoch: string;
  readonly rateHz: number;
  readonly board: BoardView;
}

export interface BoardEvents extends SubscriptionEvents<BoardReply> {
  state: LiveState;
  /** A value that was live is not any more: by age, by the bridge's word, or because the connection is gone. */
  stale: LiveState;
  miss: MissMessage;
  /** Once a second: what an outlet delivered late, to whom, and who was to blame. */
  'delivery-miss': DeliveryMissMessage;
  alarm: AlarmMessage;
  health: HealthMessage;
  stats: StatsMessage & { readonly stream: string };
  /** The board came back, or says something else of itself. */
  board: BoardView;
  gone: { readonly reason: string };
  log: { readonly level: string; readonly text: string };
  /** This client was too slow for some misses. */
  dropped: DroppedMessage;
  presence_state: Readonly<Record<string, unknown>>;
  presence_diff: Readonly<Record<string, unknown>>;
}

/** `board:<id>`: the newest of everything of one board. */
export class BoardSubscription extends Subscription<BoardReply, BoardEvents> {
  /** The newest state by stream. Each ages by itself: ask its `live` when you show it. */
  readonly states = new Map<string, LiveState>();
  readonly alarms = new Map<string, AlarmMessage>();
  /** As of the last join or `board` event. */
  view: BoardView | undefined;
  health: HealthMessage | undefined;
  private readonly wasLive = new Set<string>();
  private staleTimer: ReturnType<typeof setInterval> | undefined;

  constructor(
    transport: Transport,
    readonly id: string,
    private readonly options: { readonly rateHz?: number },
    private readonly clock: LocalClock,
    private readonly way: Way,
  ) {
    super(transport, `board:${id}`);
  }

  /**
   * A command: `arm`, `disarm`, `rearm`, `safe`, or one of the descriptor's.
   * @param values in the units of the descriptor
   * @returns what the board answered
   * @throws RefusedError with the code of the bridge; NotConnectedError, TimeoutError, ConnectionLostError
   */
  async request(name: string, values: readonly number[] = []): Promise<string> {
    const { detail } = (await this.topic.request('command', { name, arguments: values })) as { detail: string };
    return detail;
  }

  override leave(): void {
    clearInterval(this.staleTimer);
    super.leave();
  }

  protected params(): Readonly<Record<string, unknown>> {
    return this.options.rateHz === undefined ? {} : { rateHz: this.options.rateHz };
  }

  protected onJoined(reply: BoardReply): void {
    this.take(reply.board);
  }

  private take(view: BoardView): void {
    this.view = view;
    this.health = view.health ?? undefined;
    this.alarms.clear();
    for (const alarm of view.alarms) this.alarms.set(alarm.id, alarm);
    for (const { state } of view.streams) if (state !== null) this.state(state);
  }

  private state(message: StateMessage): void {
    const state = new LiveState(message, this.clock, this.heldUpUs(message));
    this.states.set(message.stream, state);
    if (state.live) {
      this.wasLive.add(message.stream);
      // Only while something is live: a timer must not keep a process from ending.
      this.staleTimer ??= setInterval(() => this.tellStale(), STALE_CHECK_MS);
    }
    this.emit('state', state);
    this.tellStale();
  }

  private heldUpUs({ time, ageUs }: StateMessage): number {
    if (time === null || ageUs === null) return 0;
    // Date.parse is sure to read milliseconds only.
    const releaseMs = Date.parse(`${time.slice(0, 23)}Z`) + Number(time.slice(23, -1)) / 1e3;
    return this.way.excessMs(releaseMs + ageUs / 1e3, this.clock.monotonicMs()) * 1e3;
  }

  private tellStale(): void {
    for (const stream of this.wasLive) {
      const state = this.states.get(stream)!;
      if (state.live) continue;
      this.wasLive.delete(stream);
      this.emit('stale', state);
    }
    if (this.wasLive.size > 0) return;
    clearInterval(this.staleTimer);
    this.staleTimer = undefined;
  }

  protected onEvent(name: string, payload: unknown): void {
    if (name === 'state') {
      this.state(payload as StateMessage);
      return;
    }
    if (name === 'health') this.health = payload as HealthMessage;
    else if (name === 'board') this.take(payload as BoardView);
    else if (name === 'alarm') this.alarm(payload as AlarmMessage);
    this.emit(name as keyof BoardEvents, payload as never);
  }

  private alarm(alarm: AlarmMessage): void {
    if (alarm.active) this.alarms.set(alarm.id, alarm);
    else this.alarms.delete(alarm.id);
  }
}
