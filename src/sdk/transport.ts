/**
 * What a way to the bridge must do for the client. The Phoenix socket is one, over a WebSocket or over plain HTTP; a
 * broker fits the same interface: a transport maps topics to its own, connects again by itself, and hands
 * out the same payloads. Applications never name one.
 */
import type { FrameBatchColumns } from './columns.js';

export type TransportStatus = 'connecting' | 'open' | 'closed';

/** Name of the event that a transport makes of a `frames` event which it cannot read: another version, or damaged. */
export const UNREADABLE = 'unreadable';

export interface Transport {
  readonly status: TransportStatus;
  /** Starts, and stays at it until `close`: reconnects and joins again by itself. */
  open(onStatus: (status: TransportStatus, reason: string) => void): void;
  /**
   * Takes part in a topic: `bridge:lobby`, `board:<id>` or `frames:<id>`.
   * @param params asked for at every join, so that a later one can go on where this one ended; never before `join`
   *   has returned
   */
  join(topic: string, params: () => Readonly<Record<string, unknown>>, handlers: TopicHandlers): TransportTopic;
  close(): void;
}

export interface TopicHandlers {
  /** Joined, or joined again. */
  joined(response: unknown): void;
  /** Not in the topic now. The transport tries again, unless it was left. */
  lost(reason: string): void;
  event(name: string, payload: unknown): void;
  /** A `frames` event that could be read; the columns are valid until the handler returns. */
  frames(batch: FrameBatchColumns): void;
}

export interface TransportTopic {
  /** Answers with the response. Rejects with a `TautlineError`; never queues. */
  request(event: string, payload: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Without an answer; dropped when the topic is not joined. */
  tell(event: string, payload: Readonly<Record<string, unknown>>): void;
  leave(): void;
}
