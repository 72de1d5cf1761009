import {
  decodeBinaryPush,
  decodeText,
  encodeReply,
  encodeText,
  events,
  type PhoenixMessage,
  SOCKET_TOPIC,
} from '../../sdk/phoenix/serializer.js';
import type { Answer, Channel, ClientInfo, Router } from './channel.js';
import { refuse } from './channel.js';
import { closeCodes, type Outbox } from './outbox.js';

/** Topics that one client may be in: the lobby, and both of each of the 64 boards that a bridge takes. */
export const TOPICS_MAX = 129;
/** Messages that a client may send a second, and in one go. */
export const MESSAGES_PER_SECOND = 100;
export const MESSAGES_BURST = 300;
/** Phoenix clients send a heartbeat every 30 s; Phoenix' own server waits 60. */
export const SILENCE_MAX_US = 60e6;
const TOPIC_LENGTH_MAX = 128;

interface Joined {
  readonly joinRef: string;
  readonly channel: Channel;
}

/**
 * One client of the Phoenix Channels protocol: heartbeats, joins, leaves, pushes and their replies. It owns no socket:
 * messages come in by `receive`, everything goes out by the outbox.
 */
export class PhoenixSocket {
  private readonly joins = new Map<string, Joined>();
  private tokens = MESSAGES_BURST;
  private lastUs: number;

  constructor(
    private readonly client: ClientInfo,
    private readonly outbox: Outbox,
    private readonly route: Router,
    /** A handler threw: a bug of ours, reported; the client sees `phx_error` or an error reply. */
    private readonly onBug: (error: unknown) => void,
    /** An answer came later than its push: nobody else will flush it. */
    private readonly flush: () => void,
    nowUs: number,
  ) {
    this.lastUs = nowUs;
  }

  get topics(): number {
    return this.joins.size;
  }

  /** One WebSocket message. Never throws. */
  receive(data: string | Uint8Array, nowUs: number): void {
    if (this.outbox.isClosed || !this.takeToken(nowUs)) return;
    const message = typeof data === 'string' ? decodeText(data) : decodeBinaryPush(data);
    if (message === undefined || message.topic.length > TOPIC_LENGTH_MAX) {
      this.outbox.close(closeCodes.malformed, 'not a message of Phoenix Channels version 2');
      return;
    }
    try {
      this.handle(message);
    } catch (error) {
      this.onBug(error);
      this.reply(message, refuse('internal error; the log of the bridge has it'));
    }
  }

  /** Whether the client has said nothing, not even a heartbeat, for too long; it is closed then. */
  closeIfSilent(nowUs: number): void {
    if (nowUs - this.lastUs > SILENCE_MAX_US) this.outbox.close(closeCodes.silent, 'no heartbeat for 60 s');
  }

  /** The connection ended. */
  ended(): void {
    this.outbox.discard();
    for (const topic of [...this.joins.keys()]) this.drop(topic);
  }

  private takeToken(nowUs: number): boolean {
    this.tokens = Math.min(MESSAGES_BURST, this.tokens + ((nowUs - this.lastUs) / 1e6) * MESSAGES_PER_SECOND);
    this.lastUs = nowUs;
    if (this.tokens < 1) {
      this.outbox.close(closeCodes.tooManyMessages, `more than ${MESSAGES_PER_SECOND} messages a second`);
      return false;
    }
    this.tokens--;
    return true;
  }

  private handle(message: PhoenixMessage): void {
    if (message.topic === SOCKET_TOPIC) {
      this.reply(
        message,
        message.event === events.heartbeat ? { status: 'ok', response: {} } : refuse('unmatched topic'),
      );
    } else if (message.event === events.join) this.join(message);
    else if (message.event === events.leave) this.leave(message);
    else this.push(message);
  }

  private join(message: PhoenixMessage): void {
    const { topic, joinRef } = message;
    const payload = asRecord(message.payload);
    if (joinRef === null || payload === undefined) {
      this.reply(message, refuse('a join needs a join_ref and an object'));
      return;
    }
    // As in Phoenix: a second join of a topic takes the place of the first, which is told so.
    const before = this.joins.get(topic);
    if (before !== undefined) {
      this.drop(topic);
      this.outbox.control(
        encodeText({ joinRef: before.joinRef, ref: before.joinRef, topic, event: events.close, payload: {} }),
      );
    }
    if (this.joins.size >= TOPICS_MAX) {
      this.reply(message, refuse(`a client may be in ${TOPICS_MAX} topics`));
      return;
    }
    const result = this.route({ topic, joinRef, outbox: this.outbox, client: this.client }, payload);
    if (!result.ok) {
      this.reply(message, { status: 'error', response: result.response });
      return;
    }
    this.joins.set(topic, { joinRef, channel: result.channel });
    this.reply(message, { status: 'ok', response: result.response });
    result.channel.joined?.();
  }

  private leave(message: PhoenixMessage): void {
    const { topic, joinRef } = message;
    const joined = this.joins.get(topic);
    // A leave of an earlier join must not end the present one.
    const isCurrent = joined !== undefined && (joinRef === null || joinRef === joined.joinRef);
    if (isCurrent) this.drop(topic);
    this.reply(message, { status: 'ok', response: {} });
    if (isCurrent)
      this.outbox.control(
        encodeText({ joinRef: joined.joinRef, ref: joined.joinRef, topic, event: events.close, payload: {} }),
      );
  }

  private push(message: PhoenixMessage): void {
    const joined = this.joins.get(message.topic);
    if (joined === undefined || (message.joinRef !== null && message.joinRef !== joined.joinRef)) {
      this.reply(message, refuse('unmatched topic'));
      return;
    }
    const payload = asRecord(message.payload);
    if (payload === undefined) {
      this.reply(message, refuse('the payload must be a JSON object'));
      return;
    }
    const answer = joined.channel.push(message.event, payload);
    if (answer instanceof Promise) {
      answer.then(
        (late) => this.replyLate(message, late),
        (error: unknown) => {
          this.onBug(error);
          this.replyLate(message, refuse('internal error; the log of the bridge has it'));
        },
      );
    } else if (answer !== undefined) this.reply(message, answer);
  }

  private replyLate(message: PhoenixMessage, answer: Answer): void {
    this.reply(message, answer);
    this.flush();
  }

  private reply(message: PhoenixMessage, answer: Answer): void {
    if (message.ref === null) return;
    this.outbox.control(encodeReply(message.joinRef, message.ref, message.topic, answer.status, answer.response));
  }

  private drop(topic: string): void {
    const joined = this.joins.get(topic);
    this.joins.delete(topic);
    try {
      joined?.channel.left();
    } catch (error) {
      this.onBug(error);
    }
  }
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
    return undefined;
  return value as Record<string, unknown>;
}
