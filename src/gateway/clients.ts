import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { TopicContext } from './channels/topic.js';
import { DirectSocket } from './direct-socket.js';
import type { ClientInfo, Router } from './phoenix/channel.js';
import { closeCodes, Outbox, type Wire } from './phoenix/outbox.js';
import { PhoenixSocket } from './phoenix/socket.js';

/** Open WebSockets of this gateway; more are refused before the upgrade. */
export const CLIENTS_MAX = 1000;
/** How long a client may take to answer our close, or to read what was sent before it. */
const CLOSE_MS = 2000;
const CLOSE_REASON_BYTES_MAX = 123;
const SWEEP_MS = 5000;

/**
 * A WebSocket as the outbox sees it. Packets are whole WebSocket frames and go straight to the TCP socket, in one
 * system call. That is sound because nothing is compressed, so `ws` itself never has half a frame waiting.
 */
class WebSocketWire implements Wire {
  private killer: NodeJS.Timeout | undefined;

  constructor(
    private readonly ws: WebSocket,
    private readonly tcp: DirectSocket,
  ) {}

  get bufferedBytes(): number {
    return this.tcp.bufferedBytes;
  }

  write(packets: readonly Uint8Array[]): void {
    if (this.ws.readyState === this.ws.OPEN) this.tcp.write(packets);
  }

  close(code: number, reason: string): void {
    this.ws.close(code, Buffer.from(reason).subarray(0, CLOSE_REASON_BYTES_MAX).toString());
    this.killer ??= setTimeout(() => this.ws.terminate(), CLOSE_MS).unref();
  }

  ended(): void {
    clearTimeout(this.killer);
  }
}

/** All WebSocket clients: from the upgrade to the end of the connection. */
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

  /** Every listener is attached before this returns: a message that came with the upgrade is not lost. */
  add(ws: WebSocket, tcp: Socket, who: Omit<ClientInfo, 'id'>): void {
    const { clock, counters, flusher } = this.context;
    const wire = new WebSocketWire(ws, new DirectSocket(tcp));
    const outbox = new Outbox(wire, counters, flusher.touch);
    const client = { ...who, id: this.nextId++ };
    const socket = new PhoenixSocket(client, outbox, this.route, this.onBug, () => flusher.flush(), clock.nowUs());
    this.open.set(socket, outbox);
    ws.on('message', (data, isBinary) => {
      // `ws` hands out one Buffer: its default binaryType.
      const bytes = data as Buffer;
      socket.receive(isBinary ? bytes : bytes.toString(), clock.nowUs());
      flusher.flush();
    });
    // A frame over the limit, bad UTF-8, a reset connection: `ws` closes by itself, and `close` follows.
    ws.on('error', () => {});
    ws.on('close', () => {
      wire.ended();
      this.open.delete(socket);
      socket.ended();
      flusher.flush();
    });
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
