import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Clients } from './clients.js';
import { DirectSocket } from './direct-socket.js';
import type { ClientInfo } from './phoenix/channel.js';
import type { Wire } from './phoenix/outbox.js';

/** How long a client may take to answer our close, or to read what was sent before it. */
export const CLOSE_MS = 2000;
const CLOSE_REASON_BYTES_MAX = 123;

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

/** Every listener is attached before this returns: a message that came with the upgrade is not lost. */
export function acceptWebSocket(clients: Clients, ws: WebSocket, tcp: Socket, who: Omit<ClientInfo, 'id'>): void {
  const wire = new WebSocketWire(ws, new DirectSocket(tcp));
  const connection = clients.add(wire, who);
  ws.on('message', (data, isBinary) => {
    // `ws` hands out one Buffer: its default binaryType.
    const bytes = data as Buffer;
    connection.receive(isBinary ? bytes : bytes.toString());
  });
  // A frame over the limit, bad UTF-8, a reset connection: `ws` closes by itself, and `close` follows.
  ws.on('error', () => {});
  ws.on('close', () => {
    wire.ended();
    connection.ended();
  });
}
