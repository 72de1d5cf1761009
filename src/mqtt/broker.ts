/**
 * The embedded broker: aedes, MQTT 3.1.1, on loopback, for a start without installing anything. It keeps nothing on disk
 * and no sessions of clients that are away; who needs that sets mqtt.url to a real broker.
 */
import { timingSafeEqual } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes, type AuthenticateError, type Client, type ConnectPacket, type PublishPacket } from 'aedes';
import { writeToStream } from 'mqtt-packet';
import { PacketGuard } from './packet-guard.js';
import { RetainedBounds } from './retained-bounds.js';

export interface BrokerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Whether the user asked for this port: then a busy one is an error, otherwise the next free one is taken. */
  readonly portIsExplicit: boolean;
  /** When not empty, every client must say them. */
  readonly username: string;
  readonly password: string;
  readonly warn: (text: string) => void;
}

export const limits = {
  connections: 256,
  packetBytes: 256 * 1024,
  retainedTopics: 10_000,
  retainedBytes: 16 * 1024 * 1024,
  /** A client that does not read: cut after that long, because until then it holds up the others. */
  drainMs: 2000,
  connectMs: 5000,
} as const;

export const HOST = '127.0.0.1';
/** How many ports above a busy default one are tried. */
const PORTS_TRIED = 100;

/** Otherwise the first packet that is sent makes 65,536 buffers, one for each number of two bytes: 8 MiB. */
writeToStream.cacheNumbers = false;

/** The port that the user asked for cannot be had. */
export class PortError extends Error {}

/** The part of aedes' memory that holds retained messages. An empty payload clears the topic. */
interface RetainedStore {
  storeRetained(packet: Pick<PublishPacket, 'topic' | 'payload'>): Promise<void>;
}

export class EmbeddedBroker {
  private refusedConnections = 0;
  private refusedPackets = 0;
  private refusedRetained = 0;
  private readonly sockets = new Set<Socket>();
  private readonly retained = new RetainedBounds(limits.retainedTopics, limits.retainedBytes);

  private constructor(
    private readonly aedes: Aedes,
    private readonly server: Server,
    private readonly options: BrokerOptions,
  ) {}

  /** @throws PortError when an explicit port is busy, or none may be had */
  static async start(options: BrokerOptions): Promise<EmbeddedBroker> {
    const server = createServer({ noDelay: true });
    await listen(server, options);
    const aedes = await Aedes.createBroker({
      drainTimeout: limits.drainMs,
      connectTimeout: limits.connectMs,
      maxTopicLevels: 16,
    });
    const broker = new EmbeddedBroker(aedes, server, options);
    broker.police();
    server.on('connection', (socket) => broker.accept(socket));
    return broker;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Prometheus names and values. */
  metrics(): Record<string, number> {
    return {
      tautline_broker_clients: this.sockets.size,
      tautline_broker_retained: this.retained.topics,
      'tautline_broker_refused_total{what="connection"}': this.refusedConnections,
      'tautline_broker_refused_total{what="packet"}': this.refusedPackets,
      'tautline_broker_refused_total{what="retained"}': this.refusedRetained,
    };
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    await new Promise<void>((resolve) => this.aedes.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private accept(socket: Socket): void {
    if (this.sockets.size >= limits.connections) {
      if (this.refusedConnections++ === 0) {
        this.options.warn(
          `the embedded broker has ${limits.connections} connections and takes no more: for so many, set mqtt.url to a real broker`,
        );
      }
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    this.guard(socket);
    this.aedes.handle(socket);
  }

  /** aedes reads with `read()`: what passes there is looked at on the way. */
  private guard(socket: Socket): void {
    const guard = new PacketGuard(limits.packetBytes);
    const read = socket.read.bind(socket);
    socket.read = (bytes?: number) => {
      const chunk = read(bytes) as Buffer | null;
      if (chunk === null || guard.accepts(chunk)) return chunk;
      if (this.refusedPackets++ === 0) {
        this.options.warn(
          `the embedded broker cut a client that sent a packet of more than ${limits.packetBytes} bytes`,
        );
      }
      socket.destroy();
      return null;
    };
  }

  private police(): void {
    const { aedes } = this;
    // No session outlives its connection: otherwise a client that never comes back has its messages kept for ever.
    aedes.preConnect = (_client: Client, packet: ConnectPacket, done) => {
      packet.clean = true;
      done(null, true);
    };
    aedes.authenticate = (_client, username, password, done) => {
      if (this.options.username === '' && this.options.password === '') return done(null, true);
      const right = same(username ?? '', this.options.username) && same(password ?? '', this.options.password);
      done(right ? null : refusal(), right);
    };
    aedes.authorizePublish = (_client, packet, done) => {
      done(packet.topic.startsWith('$SYS/') ? new Error('$SYS topics are the broker’s') : null);
    };
    this.boundRetained();
  }

  /** What does not fit is delivered, but not remembered: the bound is on memory, not on messages. */
  private boundRetained(): void {
    // Not in its types. Here messages come in the order in which they are stored; all of one read are authorized before.
    const { persistence } = this.aedes as unknown as { persistence: RetainedStore };
    const store = persistence.storeRetained.bind(persistence);
    persistence.storeRetained = (packet) => {
      if (this.retained.admits(packet.topic, packet.payload.length)) return store(packet);
      if (this.refusedRetained++ === 0)
        this.options.warn(
          'the embedded broker remembers no more retained messages: clear some, or set mqtt.url to a real broker',
        );
      return store({ ...packet, payload: Buffer.alloc(0) });
    };
  }
}

const BAD_USERNAME_OR_PASSWORD = 4;

function refusal(): AuthenticateError {
  return Object.assign(new Error('wrong user name or password'), { returnCode: BAD_USERNAME_OR_PASSWORD });
}

function same(given: string | Buffer, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}

async function listen(server: Server, { port, portIsExplicit, warn }: BrokerOptions): Promise<void> {
  const last = portIsExplicit || port === 0 ? port : Math.min(65_535, port + PORTS_TRIED);
  for (let candidate = port; candidate <= last; candidate++) {
    const error = await tryListen(server, candidate);
    if (error === null) {
      if (candidate !== port)
        warn(`port ${port} is in use, so the embedded MQTT broker listens on ${HOST}:${candidate}`);
      return;
    }
    if (error.code === 'EACCES') {
      throw new PortError(
        `no permission to listen on mqtt.port ${candidate}: ports below 1024 need a privilege; choose a higher one`,
      );
    }
    if (error.code !== 'EADDRINUSE') throw error;
  }
  throw new PortError(
    portIsExplicit
      ? `mqtt.port ${port} is in use on ${HOST}: stop what listens there (ss -ltnp 'sport = :${port}'), choose another mqtt.port, or set mqtt.url to use that broker.`
      : `all ports from ${port} to ${last} are in use on ${HOST}: set mqtt.port to a free one.`,
  );
}

function tryListen(server: Server, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => resolve(error);
    server.once('error', failed);
    server.listen(port, HOST, () => {
      server.off('error', failed);
      resolve(null);
    });
  });
}
