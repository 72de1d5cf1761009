import type { Outbox } from './outbox.js';

/** One client on one topic. A topic handler makes it on join. */
export interface Channel {
  /** A push of the client. The answer is sent as its reply; a promise may take as long as it must. */
  push(event: string, payload: Readonly<Record<string, unknown>>): Answer | Promise<Answer> | undefined;
  /** The client left, joined again, or its connection ended. */
  left(): void;
  /** After the join's reply was queued: what follows it. */
  joined?(): void;
}

/** Undefined: the push needs no answer. */
export type Answer = { readonly status: 'ok' | 'error'; readonly response: Readonly<Record<string, unknown>> };

/** What a channel knows of its client. */
export interface Membership {
  readonly topic: string;
  readonly joinRef: string;
  readonly outbox: Outbox;
  readonly client: ClientInfo;
}

export interface ClientInfo {
  /** Number of the connection, unique in this run of the gateway. */
  readonly id: number;
  readonly address: string;
  /** What the person calls itself in Presence; checked, at most 32 characters. */
  readonly name: string;
}

export type JoinResult =
  | { readonly ok: true; readonly channel: Channel; readonly response: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly response: { readonly reason: string } };

/** Finds the handler of a topic and lets the client in, or says why not. */
export type Router = (membership: Membership, payload: Readonly<Record<string, unknown>>) => JoinResult;

export const ok = (response: Readonly<Record<string, unknown>> = {}): Answer => ({ status: 'ok', response });
export const refuse = (reason: string, more: Readonly<Record<string, unknown>> = {}): Answer => ({
  status: 'error',
  response: { reason, ...more },
});
