/** From the rings to the broker: what each record becomes. Pure but for the way out; times come from the clock it is given. */
import type { HealthRecord, MissRecord } from '../feed/events.js';
import type { FrameRecord } from '../feed/frame.js';
import { deliveryMissMessage } from '../messages/delivery-miss.js';
import { missMessage } from '../messages/miss.js';
import type { TextEvent } from '../outlet.js';
import { Birth, type BridgeInfo } from './birth.js';
import { Boards, type StateView, type StreamView } from './boards.js';
import type { Session } from './client.js';
import type { BrokerDelivery } from './delivery.js';
import type { MqttMetrics } from './metrics.js';
import type { Outbound } from './outbound.js';
import { expirySeconds, type MqttVersion } from './packet.js';
import { RequestsOff } from './requests.js';
import { topics } from './topics.js';
import type { Outgoing } from './window.js';

export interface PublisherClock {
  /** Host monotonic. */
  nowUs(): number;
  /** The UTC time of a monotonic instant. */
  utcUs(monotonicUs: number): number;
}

export interface PublisherOptions {
  readonly stateHz: number;
  readonly frames: boolean;
  readonly framesQos: 0 | 1;
  /** For gateways elsewhere. */
  readonly replicate: boolean;
  readonly info: BridgeInfo;
  readonly warn: (text: string) => void;
  /** Whether the board of this index has its id from the settings. */
  readonly isConfigured: (index: number) => boolean;
  /** Another bridge publishes under the same topics. */
  readonly onSecondBridge: () => void;
}

/** When the socket is full, a state is tried again after that long. */
const RETRY_US = 100_000;

export class Publisher {
  private readonly boards: Boards;
  private readonly birth: Birth;
  private readonly requests: RequestsOff;
  /** Streams that the present batch touched. */
  private readonly touched = new Set<StreamView>();
  private readonly framesQos: 0 | 1;
  private readonly replicate: boolean;

  constructor(
    options: PublisherOptions,
    private readonly out: Outbound,
    private readonly metrics: MqttMetrics,
    private readonly delivery: BrokerDelivery,
    private readonly clock: PublisherClock,
  ) {
    const { stateHz, frames, framesQos, info, isConfigured } = options;
    this.framesQos = framesQos;
    this.replicate = options.replicate;
    this.boards = new Boards({ stateHz, frames, epoch: info.epoch, utcUs: clock.utcUs, isConfigured });
    this.birth = new Birth(info, this.boards, out, options.onSecondBridge);
    this.requests = new RequestsOff(options.warn);
  }

  up(session: Session): void {
    this.out.up(session);
    this.birth.say();
    for (const { latest } of this.boards.states()) latest.forget();
    this.tick();
  }

  down(): void {
    this.out.down();
  }

  message(topic: string, payload: Buffer, retained: boolean): void {
    if (this.requests.heard(topic)) this.metrics.requests = this.requests.count;
    else this.birth.heard(topic, payload, retained, this.clock.utcUs(this.clock.nowUs()));
    this.out.pump();
  }

  text(text: TextEvent): void {
    if (text.type === 'board') this.board(text);
    else if (text.type === 'alarm') this.alarm(text);
    else if (text.type === 'board-gone') this.gone(text);
    else if (text.type === 'delivery-miss') this.deliveryMiss(text);
  }

  health(health: HealthRecord): void {
    const board = this.boards.link(health.board, health.link);
    if (board !== null) this.birth.availability(board);
  }

  frame(frame: FrameRecord, offset: number): void {
    const stream = this.boards.get(frame.board)?.streams.get(frame.stream);
    if (stream === undefined) {
      this.metrics.unnamed++;
      return;
    }
    this.touched.add(stream);
    stream.latest.offer(frame);
    if (stream.frames === null) return;
    if (!stream.frames.fits(frame)) this.flush(stream);
    stream.frames.add(frame, offset, this.clock.nowUs());
  }

  /** What was told until now is of an earlier worker, which may have ended long ago. */
  resumed(): void {
    for (const board of this.boards.all()) if (board.online) board.online = null;
  }

  miss(miss: MissRecord): void {
    const board = this.boards.get(miss.board);
    const stream = board?.streams.get(miss.stream);
    if (board === undefined || stream === undefined) return;
    this.out.event(
      stream.missTopic,
      JSON.stringify(missMessage(board.id, stream.name, miss, this.clock.utcUs(0))),
      miss.toUs,
      this.clock.nowUs(),
    );
  }

  /** Not delivered by a contract itself: a late broker must not make more of them. */
  private deliveryMiss(miss: Extract<TextEvent, { type: 'delivery-miss' }>): void {
    this.out.event(
      topics.miss(miss.board, miss.stream),
      JSON.stringify(deliveryMissMessage(miss)),
      Number.NaN,
      Number.NaN,
    );
  }

  /** @param reasonCode 0x80 and above: the broker refused it */
  puback(packetId: number, reasonCode: number): void {
    this.out.acknowledged(packetId, reasonCode, this.clock.nowUs());
    if (this.framesQos === 1) this.flushWaiting();
  }

  /** The broker has taken a miss, or frames: they are as late as the oldest of them. */
  acknowledged({ topic, judgedUs, queuedUs }: Outgoing, nowUs: number): void {
    if (Number.isNaN(judgedUs)) return;
    for (const stream of this.streams()) {
      if (stream.missTopic === topic || stream.frames?.topic === topic)
        this.delivery.acknowledged(stream, judgedUs, queuedUs, nowUs);
    }
  }

  batchEnd(): void {
    for (const stream of this.touched) {
      this.flushSoon(stream);
      const judgedUs = stream.latest.newest.judgedUs;
      if (this.publishState(stream) && stream.frames === null)
        this.delivery.written(stream, judgedUs, this.clock.nowUs());
    }
    this.touched.clear();
    this.out.pump();
  }

  /** Publishes the states that are due, and says stale what has become so. @returns when to come again, host monotonic */
  tick(): number {
    for (const state of this.boards.states()) this.publishState(state);
    this.out.pump();
    this.flushWaiting();
    return this.dueUs();
  }

  /** When the next state is due, or becomes stale; Infinity without a connection. */
  dueUs(): number {
    let dueUs = Number.POSITIVE_INFINITY;
    if (this.out.connection === null) return dueUs;
    for (const { latest } of this.boards.states()) dueUs = Math.min(dueUs, latest.dueUs);
    return dueUs;
  }

  goodbye(version: MqttVersion): Buffer[] {
    return this.birth.goodbye(version);
  }

  private board(text: Extract<TextEvent, { type: 'board' }>): void {
    const before = this.boards.get(text.index);
    // What its streams have batched goes with them otherwise.
    for (const stream of before?.streams.values() ?? []) this.flush(stream);
    const board = this.boards.put(text);
    if (board === null) return;
    if (before !== undefined && this.boards.withId(before.id) === undefined) this.birth.left(before);
    this.birth.board(board);
    if (this.replicate) this.birth.session(text);
  }

  /** Of the bridge, or of a board that has a name: see `Boards.put`. */
  private alarm(alarm: Extract<TextEvent, { type: 'alarm' }>): void {
    if (alarm.board === null || this.boards.withId(alarm.board) !== undefined) this.birth.alarm(alarm);
  }

  private publishState({ stateTopic, latest }: StateView): boolean {
    if (this.out.connection === null) return false;
    const nowUs = this.clock.nowUs();
    if (!this.out.ready) {
      latest.hold(nowUs + RETRY_US);
      return false;
    }
    const state = latest.take(nowUs, this.clock.utcUs);
    if (state === null) return false;
    // A live state that waits somewhere must not come out when it is stale; that a state is stale stays true.
    const expiry = state.live ? expirySeconds(latest.newest.lifespanUs) : 0;
    return this.out.volatile('state', stateTopic, state.json, expiry);
  }

  /** With QoS 1 frames that could not go yet wait for others to go with them. */
  private flushSoon(stream: StreamView): void {
    if (this.framesQos === 0 || this.out.isFree || stream.frames?.isFull === true) this.flush(stream);
  }

  /** There may be room for frames that wait for others, and perhaps none come. */
  private flushWaiting(): void {
    for (const stream of this.streams()) {
      this.flushSoon(stream);
      this.out.pump();
    }
  }

  private flush(stream: StreamView): void {
    const { frames } = stream;
    if (frames === null || frames.rows === 0) return;
    if (this.framesQos === 1) {
      const { topic, sinceUs } = frames;
      const judgedUs = frames.judgedUs[0]!;
      this.out.frames(
        topic,
        frames.takePayload(() => this.clock.nowUs()),
        judgedUs,
        sinceUs,
      );
      return;
    }
    const { connection } = this.out;
    const { rows } = frames;
    if (connection === null) {
      frames.clear();
      this.metrics.dropped.frames++;
    } else if (this.out.packet('frames', frames.take(connection.version, this.clock.nowUs()))) {
      const nowUs = this.clock.nowUs();
      for (let i = 0; i < rows; i++) this.delivery.written(stream, frames.judgedUs[i]!, nowUs);
    }
  }

  private gone({ index, id, reason }: Extract<TextEvent, { type: 'board-gone' }>): void {
    const board = this.boards.get(index);
    if (board === undefined) return;
    board.online = false;
    this.birth.availability(board);
    this.birth.sessionGone(id, reason);
  }

  private *streams(): Iterable<StreamView> {
    for (const board of this.boards.all()) yield* board.streams.values();
  }
}
