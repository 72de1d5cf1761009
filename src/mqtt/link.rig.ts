/** A TCP relay between the outlet and its broker that cuts, stalls and counts, as networks do. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Packet, parser } from 'mqtt-packet';

export class Link {
  /** Most QoS 1 publications that the client had in flight at once. */
  inFlightMax = 0;
  connections = 0;
  private readonly pairs = new Set<{ readonly client: Socket; readonly broker: Socket }>();
  private open = true;
  private stalled = false;

  private constructor(
    private readonly server: Server,
    private readonly brokerPort: number,
  ) {
    server.on('connection', (client) => this.relay(client));
  }

  static start(brokerPort: number): Promise<Link> {
    const server = createServer({ noDelay: true });
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(new Link(server, brokerPort)));
    });
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  /** Cuts what is there; bytes under way are lost. */
  cut(): void {
    for (const { client, broker } of this.pairs) {
      client.resetAndDestroy();
      broker.resetAndDestroy();
    }
  }

  /** While false, connections are cut at once. */
  allow(open: boolean): void {
    this.open = open;
    if (!open) this.cut();
  }

  /** While true, nothing is read from the client: a broker that does not keep up. */
  stall(stalled: boolean): void {
    this.stalled = stalled;
    for (const { client } of this.pairs) stalled ? client.pause() : client.resume();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private relay(client: Socket): void {
    client.on('error', () => undefined);
    if (!this.open) {
      client.resetAndDestroy();
      return;
    }
    this.connections++;
    const broker = connect({ port: this.brokerPort, host: '127.0.0.1', noDelay: true });
    const pair = { client, broker };
    this.pairs.add(pair);
    broker.on('error', () => undefined);
    const inFlight = new Set<number>();
    const watch = this.watch(inFlight);
    client.on('data', (bytes) => {
      watch.toBroker(bytes);
      broker.write(bytes);
    });
    broker.on('data', (bytes) => {
      watch.toClient(bytes);
      client.write(bytes);
    });
    const end = () => {
      this.pairs.delete(pair);
      client.destroy();
      broker.destroy();
    };
    client.on('close', end);
    broker.on('close', end);
    if (this.stalled) client.pause();
  }

  private watch(inFlight: Set<number>) {
    const toBroker = parser({ protocolVersion: 5 });
    const toClient = parser({ protocolVersion: 5 });
    toBroker.on('packet', (packet: Packet) => {
      if (packet.cmd !== 'publish' || packet.qos !== 1) return;
      inFlight.add(packet.messageId!);
      this.inFlightMax = Math.max(this.inFlightMax, inFlight.size);
    });
    toClient.on('packet', (packet: Packet) => {
      if (packet.cmd === 'puback') inFlight.delete(packet.messageId!);
    });
    return {
      toBroker: (bytes: Buffer) => toBroker.parse(bytes),
      toClient: (bytes: Buffer) => toClient.parse(bytes),
    };
  }
}
