import type { FrameBatchColumns, FrameColumns } from './columns.js';
import type { LocalClock } from './live-state.js';
import type { DroppedMessage, FramesReply, SignalDescriptor, StreamsMessage } from './messages.js';
import { Subscription, type SubscriptionEvents } from './subscription.js';
import { type Transport, UNREADABLE } from './transport.js';

export interface FramesOptions {
  /** `false`: every frame at once; `true`: batches of some 16 ms; default: as the bridge finds right for its load. */
  readonly batch?: boolean;
  /** Where to begin: `position` of an earlier subscription. Default: now. */
  readonly since?: FramesPosition;
}

/** Where one is in the frames of a bridge. The epoch is the run of the bridge: another run begins anew. */
export interface FramesPosition {
  readonly epoch: string;
  readonly offset: number;
}

/** Frames that did not come and will not. What came before and after is whole and in order. */
export interface Gap {
  /** `consumer`: this client did not read fast enough; `outlet`: the gateway was too slow; `restart`: the bridge began anew; `forgotten`: it was away for longer than the bridge remembers; `unreadable`: they came as this version of the client cannot read them. */
  readonly cause: 'consumer' | 'outlet' | 'restart' | 'forgotten' | 'unreadable';
  /** Null: not known. */
  readonly count: number | null;
  readonly from: FramesPosition;
  readonly to: FramesPosition;
}

export interface StreamFrames {
  /** Name of the stream; its number, and no signals, when the bridge has told nothing of its boot. */
  readonly stream: string;
  readonly signals: readonly SignalDescriptor[];
  /** Valid until the listener returns: copy what you keep. */
  readonly columns: FrameColumns;
}

export interface FramesBatch extends FramesPosition {
  readonly sentUtcUs: number;
  readonly streams: readonly StreamFrames[];
}

export interface FramesEvents extends SubscriptionEvents<FramesReply> {
  frames: FramesBatch;
  gap: Gap;
  /** The board has another id now: nothing more comes here. */
  gone: { readonly reason: string };
}

/** Boots of which the names are kept: a recovery may bring frames of earlier ones. */
const BOOTS_MAX = 16;

type Named = Pick<StreamsMessage['streams'][number], 'name' | 'signals'>;

/** `frames:<id>`: every frame of a board, in order. What is missed while away is recovered, or reported as a gap. */
export class FramesSubscription extends Subscription<FramesReply, FramesEvents> {
  /** Up to where everything was given to the listeners or reported as a gap; undefined before the first join. */
  position: FramesPosition | undefined;
  /** By boot, then by number of the stream. */
  private readonly streams = new Map<number, ReadonlyMap<number, Named>>();
  private newestReceivedMs = 0;

  constructor(
    transport: Transport,
    readonly board: string,
    private readonly options: FramesOptions,
    private readonly clock: LocalClock,
  ) {
    super(transport, `frames:${board}`);
    this.position = options.since;
  }

  /** Tells the bridge that the newest batch is on the screen now: it then knows what the consumer took. */
  painted(): void {
    if (this.position === undefined) return;
    const paintedUs = (this.clock.monotonicMs() - this.newestReceivedMs) * 1e3;
    this.topic.tell('ack', { offset: this.position.offset, paintedUs });
  }

  protected params(): Readonly<Record<string, unknown>> {
    const { batch } = this.options;
    return {
      encoding: 'binary',
      ...(batch !== undefined && { batch }),
      ...(this.position && { since: this.position }),
    };
  }

  protected onJoined(reply: FramesReply): void {
    this.takeStreams(reply);
    const from = this.position;
    const to = { epoch: reply.epoch, offset: reply.offset };
    this.position = to;
    if (from === undefined || reply.recovered) return;
    this.emit('gap', { cause: from.epoch === to.epoch ? 'forgotten' : 'restart', count: null, from, to });
  }

  private takeStreams({ boot, streams }: StreamsMessage): void {
    const key = Number.parseInt(boot, 16);
    // Last in the order of the map, as the newest.
    this.streams.delete(key);
    this.streams.set(key, new Map(streams.map(({ id, name, signals }) => [id, { name, signals }])));
    if (this.streams.size > BOOTS_MAX) this.streams.delete(this.streams.keys().next().value!);
  }

  protected onEvent(name: string, payload: unknown): void {
    if (name === 'streams') this.takeStreams(payload as StreamsMessage);
    else if (name === 'dropped') this.dropped(payload as DroppedMessage);
    else if (name === UNREADABLE) this.unreadable();
    else if (name === 'gone') this.emit('gone', payload as FramesEvents['gone']);
  }

  private dropped({ culprit = 'consumer', count, fromOffset, toOffset }: DroppedMessage): void {
    if (this.position === undefined) return;
    const { epoch, offset } = this.position;
    const to = { epoch, offset: toOffset ?? offset };
    this.position = to;
    this.emit('gap', { cause: culprit, count, from: { epoch, offset: fromOffset ?? offset }, to });
  }

  private unreadable(): void {
    const { position } = this;
    if (position !== undefined) this.emit('gap', { cause: 'unreadable', count: null, from: position, to: position });
  }

  protected override onFrames(batch: FrameBatchColumns): void {
    const { epoch, offset, sentUtcUs } = batch;
    this.newestReceivedMs = this.clock.monotonicMs();
    this.position = { epoch, offset };
    const streams = batch.groups.map((columns) => {
      const named = this.streams.get(columns.boot)?.get(columns.stream);
      return { stream: named?.name ?? String(columns.stream), signals: named?.signals ?? [], columns };
    });
    this.emit('frames', { epoch, offset, sentUtcUs, streams });
  }
}
