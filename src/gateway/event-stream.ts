/**
 * The socket without a WebSocket: the same messages, those to the client as server-sent events, those of the client by
 * POST. For where a proxy or a filter lets plain HTTP pass and nothing else.
 */
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Clients, Connection } from './clients.js';
import type { ClientInfo } from './phoenix/channel.js';
import type { Wire } from './phoenix/outbox.js';
import { unframe } from './phoenix/packet.js';
import { CLOSE_MS } from './web-socket.js';

/** 128 bits: who knows it may speak for the client, so nobody may guess it. */
const SESSION_BYTES = 16;

/** A response that does not end, as the outbox sees it. */
class EventStreamWire implements Wire {
  private killer: NodeJS.Timeout | undefined;

  constructor(private readonly response: ServerResponse) {}

  get bufferedBytes(): number {
    return this.response.writableLength;
  }

  write(packets: readonly Uint8Array[]): void {
    this.response.write(packets.map(eventOf).join(''));
    // Node keeps it until the next tick: what the kernel would have taken is then no backlog of the client.
    this.response.socket?.uncork();
  }

  close(code: number, reason: string): void {
    this.response.end(`event: close\ndata: ${JSON.stringify({ code, reason })}\n\n`);
    this.killer ??= setTimeout(() => this.response.destroy(), CLOSE_MS).unref();
  }

  ended(): void {
    clearTimeout(this.killer);
  }
}

/** JSON has no line breaks of its own, and base64 none at all. */
function eventOf(packet: Uint8Array): string {
  const { isText, payload } = unframe(packet);
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return isText ? `data: ${bytes.toString()}\n\n` : `event: binary\ndata: ${bytes.toString('base64')}\n\n`;
}

/** The clients that are served so, by the secret that they show with what they send. */
export class EventStreams {
  private readonly sessions = new Map<string, Connection>();

  constructor(private readonly clients: Clients) {}

  get count(): number {
    return this.sessions.size;
  }

  /** @param response whose head is written, on a socket of its own; it belongs to the client from now on */
  open(response: ServerResponse, who: Omit<ClientInfo, 'id'>): void {
    const wire = new EventStreamWire(response);
    const connection = this.clients.add(wire, who);
    const session = randomBytes(SESSION_BYTES).toString('hex');
    this.sessions.set(session, connection);
    response.write(`event: open\ndata: ${JSON.stringify({ session })}\n\n`);
    // A connection that is reset: `close` follows.
    response.on('error', () => {});
    response.on('close', () => {
      wire.ended();
      this.sessions.delete(session);
      connection.ended();
    });
  }

  /** Messages of a client, in order. @returns false when there is no such session (any more) */
  receive(session: string, messages: readonly unknown[]): boolean {
    const connection = this.sessions.get(session);
    for (const message of messages) connection?.receive(JSON.stringify(message));
    return connection !== undefined;
  }
}
