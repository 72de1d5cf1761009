import type { FrameBatchColumns } from '../columns.js';
import { ConnectionLostError, NotConnectedError, RefusedError, TimeoutError } from '../errors.js';
import type { TopicHandlers, TransportTopic } from '../transport.js';
import { events, type PhoenixMessage } from './serializer.js';

const REQUEST_MS = 10_000;
const REJOIN_MS = 1000;

interface Socket {
  /** @returns false when there is no open connection */
  send(message: PhoenixMessage): boolean;
  /** What may be left out when there is too much of it. */
  tell(message: PhoenixMessage): void;
  ref(): string;
  left(): void;
}

interface Waiting {
  readonly what: string;
  readonly resolve: (response: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** One topic of the socket: joins when there is a connection, and again after every loss. */
export class PhoenixTopic implements TransportTopic {
  private state: 'idle' | 'joining' | 'joined' | 'left' = 'idle';
  private joinRef = '';
  private readonly waiting = new Map<string, Waiting>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly name: string,
    private readonly params: () => Readonly<Record<string, unknown>>,
    private readonly handlers: TopicHandlers,
    private readonly socket: Socket,
  ) {}

  /** The first join, unless the connection has begun meanwhile and brought it. */
  begin(): void {
    if (this.state === 'idle') this.rejoin();
  }

  /** There is a connection; this topic is not joined on it. */
  rejoin(): void {
    if (this.state === 'left') return;
    clearTimeout(this.timer);
    this.joinRef = this.socket.ref();
    const sent = this.send(this.joinRef, events.join, this.params());
    this.state = sent ? 'joining' : 'idle';
    if (sent) this.timer = setTimeout(() => this.lost('no answer to the join'), REQUEST_MS);
  }

  disconnected(reason: string): void {
    clearTimeout(this.timer);
    this.failAll((what) => new ConnectionLostError(what));
    if (this.state === 'joined') this.handlers.lost(reason);
    if (this.state !== 'left') this.state = 'idle';
  }

  /** The connection is there, but this topic is not: try again in a while. */
  private lost(reason: string): void {
    clearTimeout(this.timer);
    this.failAll((what) => new ConnectionLostError(what));
    this.state = 'idle';
    this.timer = setTimeout(() => this.rejoin(), REJOIN_MS);
    this.handlers.lost(reason);
  }

  frames(batch: FrameBatchColumns): void {
    // A broadcast carries no reference: what comes before the join's reply belongs to an earlier join.
    if (this.state === 'joined') this.handlers.frames(batch);
  }

  receive(message: PhoenixMessage): void {
    if (message.joinRef !== null && message.joinRef !== this.joinRef) return;
    if (message.event === events.reply) this.reply(message);
    else if (message.event === events.close || message.event === events.error) {
      if (this.state !== 'left') this.lost('the bridge closed the topic');
    } else if (this.state === 'joined') this.handlers.event(message.event, message.payload);
  }

  private reply(message: PhoenixMessage): void {
    const { status, response } = message.payload as { status: string; response: unknown };
    if (message.ref === this.joinRef && this.state === 'joining') {
      clearTimeout(this.timer);
      if (status !== 'ok') {
        this.lost(String((response as { reason?: unknown }).reason ?? status));
        return;
      }
      this.state = 'joined';
      this.handlers.joined(response);
      return;
    }
    const waiting = this.waiting.get(message.ref ?? '');
    if (waiting === undefined) return;
    this.waiting.delete(message.ref!);
    clearTimeout(waiting.timer);
    if (status === 'ok') waiting.resolve(response);
    else {
      const { code = 'refused', reason = status } = response as { code?: string; reason?: string };
      waiting.reject(new RefusedError(code, reason));
    }
  }

  request(event: string, payload: Readonly<Record<string, unknown>>): Promise<unknown> {
    const ref = this.socket.ref();
    if (this.state !== 'joined' || !this.send(ref, event, payload))
      return Promise.reject(new NotConnectedError(this.name));
    const what = `"${event}" on ${this.name}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(ref);
        reject(new TimeoutError(what, REQUEST_MS));
      }, REQUEST_MS);
      this.waiting.set(ref, { what, resolve, reject, timer });
    });
  }

  tell(event: string, payload: Readonly<Record<string, unknown>>): void {
    if (this.state === 'joined')
      this.socket.tell({ joinRef: this.joinRef, ref: null, topic: this.name, event, payload });
  }

  leave(): void {
    clearTimeout(this.timer);
    this.failAll((what) => new ConnectionLostError(what));
    if (this.state !== 'idle') this.send(this.socket.ref(), events.leave, {});
    this.state = 'left';
    this.socket.left();
  }

  private send(ref: string, event: string, payload: Readonly<Record<string, unknown>>): boolean {
    return this.socket.send({ joinRef: this.joinRef, ref, topic: this.name, event, payload });
  }

  private failAll(error: (what: string) => Error): void {
    for (const waiting of this.waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(error(waiting.what));
    }
    this.waiting.clear();
  }
}
