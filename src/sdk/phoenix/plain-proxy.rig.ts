/** A proxy that knows nothing of WebSockets: requests pass, an upgrade is refused. */
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export class PlainProxy {
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  /** @param port of the bridge, on 127.0.0.1 */
  static async before(port: number): Promise<PlainProxy> {
    const server = createServer((incoming, outgoing) => {
      const { method = 'GET', url = '/', headers } = incoming;
      const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      outgoing.on('close', () => onward.destroy());
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
    const proxy = new PlainProxy(server);
    server.on('connection', (socket: Socket) => proxy.sockets.add(socket.on('error', () => {})));
    server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}
