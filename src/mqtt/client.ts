/**
 * The connection to the broker: mqtt.js for the handshake, the keepalive and what comes in; our own packets go straight
 * to its stream. One mqtt.js client per connection, thrown away with it, so that none of its queues or stores can hold
 * anything over a reconnect. MQTT 5 first, 3.1.1 when the broker refuses it.
 */
import type { Socket } from 'node:net';
import mqtt, { type IClientOptions, type IConnackPacket, type MqttClient, type Packet } from 'mqtt';
import { monotonicUs } from '../host-clock.js';
import { Backoff } from './backoff.js';
import { deafText, failureText, isVersionRefusal, refusalText, TAKEN_OVER } from './broker-errors.js';
import type { MqttVersion } from './packet.js';
import { PACKET_ID_MAX } from './window.js';

export interface ConnectionOptions {
  /** mqtt://host[:port] or mqtts://host[:port] */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Unique to this run of the bridge, so that nobody fights over it. */
  readonly clientId: string;
  /** Left out by who has nothing to take back. */
  readonly will?: { readonly topic: string; readonly payload: string };
  readonly subscriptions: readonly string[];
  /** The embedded broker speaks 3.1.1 only. */
  readonly versions: readonly MqttVersion[];
  /** Longest packet that is accepted (MQTT 5). Default: 64 KiB. */
  readonly inboundBytesMax?: number;
}

export interface Session {
  readonly version: MqttVersion;
  readonly receiveMaximum: number;
  /** Longest packet that the broker takes, in bytes. */
  readonly packetBytesMax: number;
}

export interface ConnectionHandlers {
  up(session: Session): void;
  /** The connection, or the attempt, ended; the next comes in `retryMs`, null = never. */
  down(text: string, retryMs: number | null, wasUp: boolean): void;
  /** PUBACK. @param reasonCode 0 = accepted */
  acknowledged(packetId: number, reasonCode: number): void;
  message(topic: string, payload: Buffer, retained: boolean): void;
  /** Topics that the broker does not let us hear: what is not done because of it. */
  deaf(text: string, refused: readonly string[]): void;
  /** Another client uses our id: the connection is given up for good. */
  takenOver(text: string): void;
}

const KEEPALIVE_S = 15;
const CONNECT_TIMEOUT_MS = 10_000;
const GOODBYE_MS = 500;
const RECEIVE_MAXIMUM_DEFAULT = 65_535;
/** Packets that we accept: nothing that the bridge subscribes to is long. */
const INBOUND_BYTES_MAX = 64 * 1024;
/** SUBACK: from this code on a subscription is refused. */
const REFUSED = 0x80;
/** A broker that closes this often without an answer is asked in the other version. */
const SILENT_CLOSES_MAX = 2;

export class BrokerConnection {
  private client: MqttClient | null = null;
  private retryTimer: NodeJS.Timeout | null = null;
  private session: Session | null = null;
  private stopped = true;
  private options: ConnectionOptions;
  private versionIndex = 0;
  /** The broker has taken the present version. */
  private isVersionTaken = false;
  private silentCloses = 0;
  /** Versions refused since the last session. */
  private refusals = 0;

  constructor(
    options: ConnectionOptions,
    private readonly handlers: ConnectionHandlers,
    private readonly backoff = new Backoff(),
  ) {
    this.options = options;
  }

  get address(): string {
    return addressOf(this.options.url);
  }

  get up(): boolean {
    return this.session !== null;
  }

  /** Bytes that the socket has not taken: a broker, or the way to it, that is slow. */
  get pendingBytes(): number {
    return this.client?.stream.writableLength ?? 0;
  }

  start(): void {
    this.stopped = false;
    this.connect();
  }

  /** Another broker (the embedded one came back on another port): leave the old one, connect at once. */
  retarget(options: ConnectionOptions): void {
    this.options = options;
    this.firstVersion();
    this.backoff.reset();
    if (this.stopped) return;
    this.drop('the broker has moved', false);
    this.connect();
  }

  /** Ends the session, and begins another. */
  renew(why: string): void {
    if (this.session !== null) this.drop(`the MQTT broker at ${this.address} ${why}`, true);
  }

  /** One whole packet, from `encodePublish` or `openPublish`. @returns false when there is no connection */
  write(packet: Buffer): boolean {
    if (this.session === null || this.client === null) return false;
    this.client.stream.write(packet);
    return true;
  }

  /** Packets written between `cork` and `uncork` leave in one system call. */
  cork(): void {
    this.client?.stream.cork();
  }

  uncork(): void {
    this.client?.stream.uncork();
  }

  /** Writes the last packets, says DISCONNECT (so that no will is sent) and closes; at most 500 ms. */
  async stop(lastPackets: readonly Buffer[]): Promise<void> {
    this.stopped = true;
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    const { client } = this;
    if (client === null) return;
    for (const packet of lastPackets) this.write(packet);
    const polite = this.session !== null;
    this.session = null;
    this.client = null;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      client.endAsync(!polite).catch(() => undefined),
      new Promise((resolve) => {
        timer = setTimeout(resolve, GOODBYE_MS);
      }),
    ]);
    clearTimeout(timer);
    client.stream.destroy();
  }

  private get version(): MqttVersion {
    return this.options.versions[this.versionIndex % this.options.versions.length]!;
  }

  private connect(): void {
    this.retryTimer = null;
    const client = mqtt.connect(this.options.url, this.clientOptions());
    this.client = client;
    let reason = '';
    let answered = false;
    let isVersionRefused = false;
    noDelay(client);
    client.on('error', (error) => {
      if (client !== this.client) return;
      const code = (error as { code?: unknown }).code;
      answered ||= typeof code === 'number';
      isVersionRefused ||= typeof code === 'number' && isVersionRefusal(code);
      reason ||= failureText(this.address, error);
    });
    client.on('connect', (connack) => {
      answered = true;
      if (client === this.client) this.opened(client, connack);
    });
    client.on('disconnect', (packet) => {
      if (client !== this.client) return;
      reason = refusalText(this.address, packet.reasonCode ?? 0);
      if (packet.reasonCode === TAKEN_OVER) this.giveUp(reason);
    });
    client.on('packetreceive', (packet) => {
      if (client === this.client) this.received(packet);
    });
    client.on('message', (topic, payload, packet) => {
      if (client === this.client) this.handlers.message(topic, payload, packet.retain);
    });
    client.once('close', () => {
      if (client !== this.client) return;
      if (isVersionRefused && this.otherVersion()) {
        discard(client);
        this.connect();
        return;
      }
      this.countSilentClose(answered, reason);
      this.drop(reason || `the MQTT broker at ${this.address} closed the connection`, true);
    });
  }

  private clientOptions(): IClientOptions {
    const { username, password, clientId, will, inboundBytesMax = INBOUND_BYTES_MAX } = this.options;
    return {
      protocolVersion: this.version,
      clientId,
      clean: true,
      keepalive: KEEPALIVE_S,
      reschedulePings: false,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectPeriod: 0,
      queueQoSZero: false,
      writeCache: false, // 65,536 buffers, 13 MiB: for publications, which are built without mqtt.js
      resubscribe: false,
      messageIdProvider: subscriptionIds(),
      ...(will && { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true } }),
      // MQTT 3.1.1 allows no password without a user name: an empty one goes with it.
      ...(username === '' && password === '' ? {} : { username }),
      ...(password === '' ? {} : { password }),
      ...(this.version === 5 ? { properties: { maximumPacketSize: inboundBytesMax, receiveMaximum: 16 } } : {}),
    };
  }

  private opened(client: MqttClient, connack: IConnackPacket): void {
    noDelay(client);
    this.isVersionTaken = true;
    this.silentCloses = 0;
    this.refusals = 0;
    this.backoff.up(monotonicUs());
    const { receiveMaximum, maximumPacketSize } = connack.properties ?? {};
    this.session = {
      version: this.version,
      receiveMaximum: receiveMaximum ?? RECEIVE_MAXIMUM_DEFAULT,
      packetBytesMax: maximumPacketSize ?? Number.POSITIVE_INFINITY,
    };
    this.handlers.up(this.session);
    this.subscribe();
  }

  /** Also again: the broker then tells all that is retained once more. */
  subscribe(): void {
    const { client } = this;
    if (client === null) return;
    const subscriptions = [...this.options.subscriptions];
    if (subscriptions.length === 0) return;
    // Without Retain As Published, RETAIN tells what stood there before from what is said now.
    client.subscribe(subscriptions, { qos: 0, nl: true, rap: false }, (error) => {
      if (client !== this.client) return;
      const { granted = [] } = (error as { packet?: { granted?: number[] } } | null)?.packet ?? {};
      const refused = subscriptions.filter((_, i) => (granted[i] ?? 0) >= REFUSED);
      if (refused.length > 0) this.handlers.deaf(deafText(this.address, refused), refused);
    });
  }

  private received(packet: Packet): void {
    if (packet.cmd === 'puback') this.handlers.acknowledged(packet.messageId ?? 0, packet.reasonCode ?? 0);
  }

  /** Some brokers do not refuse a version, they hang up; so does what stands before one that is away. */
  private countSilentClose(answered: boolean, reason: string): void {
    if (answered || reason !== '' || this.isVersionTaken) return;
    if (++this.silentCloses < SILENT_CLOSES_MAX) return;
    this.silentCloses = 0;
    this.versionIndex++;
  }

  /** @returns whether there is one that the broker has not refused, too */
  private otherVersion(): boolean {
    this.versionIndex++;
    this.isVersionTaken = false;
    this.refusals++;
    return this.refusals < this.options.versions.length;
  }

  private firstVersion(): void {
    this.isVersionTaken &&= this.versionIndex % this.options.versions.length === 0;
    this.versionIndex = 0;
  }

  private drop(text: string, retry: boolean): void {
    const { client } = this;
    const wasUp = this.session !== null;
    this.client = null;
    this.session = null;
    if (client !== null) discard(client);
    // The next broker may be another, or newer, than the one that refused it.
    if (wasUp) this.firstVersion();
    if (this.stopped) return;
    const retryMs = retry ? this.backoff.down(monotonicUs()) : 0;
    if (retry) this.retryTimer = setTimeout(() => this.connect(), retryMs);
    else if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    this.handlers.down(text, retryMs, wasUp);
  }

  private giveUp(text: string): void {
    const { client } = this;
    const wasUp = this.session !== null;
    this.stopped = true;
    this.client = null;
    this.session = null;
    if (client !== null) discard(client);
    this.handlers.down(text, null, wasUp);
    this.handlers.takenOver(text);
  }
}

/** Host and port, without the credentials that a URL may hold. */
export function addressOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === 'mqtts:' ? 8883 : 1883)}`;
}

/** Nagle and delayed ACKs together cost 9 ms a message. Before the connection is up Node remembers it; TLS passes it on. */
function noDelay(client: MqttClient): void {
  (client.stream as unknown as Partial<Socket>).setNoDelay?.(true);
}

/** A client that is no longer ours: closed, and its late errors swallowed. */
function discard(client: MqttClient): void {
  client.removeAllListeners('message');
  client.removeAllListeners('packetreceive');
  client.end(true);
  client.stream.destroy();
}

/** Packet ids for mqtt.js' own packets, out of the way of ours. */
function subscriptionIds(): NonNullable<IClientOptions['messageIdProvider']> {
  let last = PACKET_ID_MAX;
  const allocate = () => {
    last = last >= 0xffff ? PACKET_ID_MAX + 1 : last + 1;
    return last;
  };
  return {
    allocate,
    getLastAllocated: () => last,
    register: () => true,
    deallocate: () => undefined,
    clear: () => undefined,
  };
}
