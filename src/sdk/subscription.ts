import type { FrameBatchColumns } from './columns.js';
import { Emitter } from './emitter.js';
import type { TopicHandlers, Transport, TransportTopic } from './transport.js';

export interface SubscriptionEvents<Reply> {
  /** Joined, or joined again. */
  joined: Reply;
  /** Not joined now; it will be tried again. */
  lost: { readonly reason: string };
}

/** A topic that stays joined until it is left. */
export abstract class Subscription<Reply, Events extends SubscriptionEvents<Reply>> extends Emitter<Events> {
  /** Only `joined` means that what is shown is being kept up to date. */
  status: 'joining' | 'joined' | 'lost' | 'left' = 'joining';
  protected readonly topic: TransportTopic;

  constructor(transport: Transport, topic: string) {
    super();
    const handlers: TopicHandlers = {
      joined: (reply) => {
        this.status = 'joined';
        this.onJoined(reply as Reply);
        (this as unknown as Emitter<SubscriptionEvents<Reply>>).emit('joined', reply as Reply);
      },
      lost: (reason) => {
        this.status = 'lost';
        (this as unknown as Emitter<SubscriptionEvents<Reply>>).emit('lost', { reason });
      },
      event: (name, payload) => this.onEvent(name, payload),
      frames: (batch) => this.onFrames(batch),
    };
    this.topic = transport.join(topic, () => this.params(), handlers);
  }

  protected abstract params(): Readonly<Record<string, unknown>>;
  protected abstract onJoined(reply: Reply): void;
  protected abstract onEvent(name: string, payload: unknown): void;
  protected onFrames(_batch: FrameBatchColumns): void {}

  leave(): void {
    this.status = 'left';
    this.topic.leave();
  }
}
