import type { TopicContext } from './channels/topic.js';
import type { ClientInfo, Router } from './phoenix/channel.js';
import { closeCodes, Outbox, type Wire } from './phoenix/outbox.js';
import { PhoenixSocket } from './phoenix/socket.js';

/** Open connections of this gateway, of both kinds; more are refused before they begin. */
export const CLIENTS_MAX = 1000;
const SWEEP_MS = 5000;

/** What a client sends goes in here, and that it is gone. */
export interface Connection {
  /** One message, text or binary. */
  receive(data: string | Uint8Array): void;
  ended(): void;
}

/** All clients, whatever carries their messages: from the first byte to the end of the connection. */
export class Clients {
  private readonly open = new Map<PhoenixSocket, Outbox>();
  private readonly sweeper: NodeJS.Timeout;
  private nextId = 1;

  constructor(
    private readonly context: TopicContext,
    private readonly route: Router,
    private readonly onBug: (error: unknown) => void,
  ) {
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  get count(): number {
    return this.open.size;
  }

  add(wire: Wire, who: Omit<ClientInfo, 'id'>): Connection {
    const { clock, counters, flusher } = this.context;
    const outbox = new Outbox(wire, counters, flusher.touch);
    const client = { ...who, id: this.nextId++ };
    const socket = new PhoenixSocket(client, outbox, this.route, this.onBug, () => flusher.flush(), clock.nowUs());
    this.open.set(socket, outbox);
    return {
      receive: (data) => {
        socket.receive(data, clock.nowUs());
        flusher.flush();
      },
      ended: () => {
        this.open.delete(socket);
        socket.ended();
        flusher.flush();
      },
    };
  }

  private sweep(): void {
    const nowUs = this.context.clock.nowUs();
    for (const socket of this.open.keys()) socket.closeIfSilent(nowUs);
  }

  close(): void {
    clearInterval(this.sweeper);
    for (const outbox of this.open.values()) outbox.close(closeCodes.stopping, 'the gateway is stopping');
  }
}
