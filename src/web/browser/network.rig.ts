/** A network between page and bridge that can stand still without losing the connection, or a byte. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class Network {
  private readonly sockets = new Set<Socket>();
  private readonly fromBridge = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  /** @param url of the bridge */
  static async before(url: string): Promise<Network> {
    const { hostname, port } = new URL(url);
    const server = createServer();
    const network = new Network(server);
    server.on('connection', (page) => {
      const bridge = connect(Number(port), hostname);
      network.fromBridge.add(bridge);
      network.relay(page, bridge);
      network.relay(bridge, page);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return network;
  }

  /** Of the bridge, as it is seen through this network. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private relay(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.on('data', (data) => to.write(data));
    from.on('error', () => {});
    from.on('close', () => {
      this.sockets.delete(from);
      this.fromBridge.delete(from);
      to.destroy();
    });
  }

  stand(): void {
    for (const socket of this.fromBridge) socket.pause();
  }

  go(): void {
    for (const socket of this.fromBridge) socket.resume();
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}
