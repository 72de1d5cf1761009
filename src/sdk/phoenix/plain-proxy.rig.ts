/** A proxy that knows nothing of WebSockets: requests pass, an upgrade is refused. */
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export class PlainProxy {
  private readonly sockets = new Set<Socket>();

  /** Takes an upgrade, of which it gets the head as it came, or returns false. */
  onUpgrade: (head: string, socket: Duplex) => boolean = () => false;

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
    server.on('upgrade', ({ method, url, rawHeaders }, socket) => {
      const lines = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : []));
      const head = [`${method} ${url} HTTP/1.1`, ...lines, '', ''].join('\r\n');
      if (!proxy.onUpgrade(head, socket)) socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
    });
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
