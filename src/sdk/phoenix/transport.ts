import { decodeFrames } from '../columns.js';
import {
  type TopicHandlers,
  type Transport,
  type TransportStatus,
  type TransportTopic,
  UNREADABLE,
} from '../transport.js';
import { EventStreamSocket } from './event-stream.js';
import {
  decodeBinaryFromServer,
  decodeText,
  encodeText,
  events,
  type PhoenixMessage,
  PROTOCOL_VSN,
  SOCKET_TOPIC,
} from './serializer.js';
import { PhoenixTopic } from './topic.js';

/** The part of a browser's WebSocket that is used; `ws` has it too. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
}
export type WebSocketConstructor = new (url: string) => WebSocketLike;
/** What may carry the socket's messages: a WebSocket, or server-sent events and POST, which pass wherever HTTP does. */
export type Carrier = 'websocket' | 'events';

export interface PhoenixTransportOptions {
  /** `http.token` of the bridge. */
  readonly token?: string;
  /** What others see in Presence. */
  readonly name?: string;
  /** Tried in turn, the first one first, until one carries something. Default: WebSocket, where there is one, then events. */
  readonly carriers?: readonly Carrier[];
  /** Default: the global one. Node 20 has none: pass `WebSocket` of `ws`, or it goes over events. */
  readonly WebSocket?: WebSocketConstructor;
  /** How long the bridge may take to answer, a heartbeat or a connection, before another is made. Default 15 s. */
  readonly heartbeatMs?: number;
  /** First wait before a reconnection; it doubles up to 5 s, and is spread by half. Default 100 ms. */
  readonly retryMs?: number;
  /** While it goes over another carrier than the first: how soon that is tried again. Default 30 s. */
  readonly probeMs?: number;
}

const OPEN = 1;
/** How long a carrier may take to connect, or to bring the first answer, while there is another one to try. */
const CARRIER_MS = 5000;
const HEARTBEAT_MS = 15_000;
/** Of what nobody answers. The bridge takes 100 messages a second of a client, of any kind. */
const TELLS_PER_SECOND = 80;
/** A connection that lasts less is no better than one that fails: the next waits longer. */
const STEADY_MS = 5000;
/** While it goes over a carrier that is not the first: how soon the first is tried beside it, and how rarely in the end. */
const PROBE_MS = 30_000;
const PROBE_MS_MAX = 600_000;
const RETRY_MS_MAX = 5000;

/** The Phoenix Channels socket of the bridge: connects, keeps alive, reconnects, and carries topics. */
export class PhoenixTransport implements Transport {
  status: TransportStatus = 'closed';
  /** What is tried in turn: each carrier to an address, then the next address. */
  private readonly ways: readonly { readonly base: string; readonly carrier: Carrier }[];
  private readonly carriers: readonly Carrier[];
  private readonly WebSocket: WebSocketConstructor | undefined;
  private readonly topics = new Map<string, PhoenixTopic>();
  private socket: WebSocketLike | undefined;
  private onStatus: (status: TransportStatus, reason: string) => void = () => {};
  private isWanted = false;
  /** To connect, that brought nothing, since one did. */
  private attempts = 0;
  /** The first one to the address that was good last. */
  private firstWay = 0;
  private isProven = false;
  private provenMs = 0;
  /** Connections in a row that did not last. */
  private brief = 0;
  private tells = TELLS_PER_SECOND;
  private toldMs = 0;
  private probe: WebSocketLike | undefined;
  private probeTimer: ReturnType<typeof setTimeout> | undefined;
  private nextRef = 1;
  private readonly heartbeatMs: number;
  private pendingHeartbeat: string | undefined;
  private heartbeatTimer: ReturnType<typeof setInterval> | undefined;
  private connectTimer: ReturnType<typeof setTimeout> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param address of the bridge, `http://127.0.0.1:8080` (or ws, https, wss); or several, of gateways that all serve the
   * same bridge: it stays at one as long as that answers
   */
  constructor(
    address: string | readonly string[],
    private readonly options: PhoenixTransportOptions = {},
  ) {
    this.heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
    this.WebSocket = options.WebSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
    this.carriers = options.carriers ?? (this.WebSocket === undefined ? ['events'] : ['websocket', 'events']);
    if (this.carriers.includes('websocket') && this.WebSocket === undefined)
      throw new TypeError('this runtime has no WebSocket: pass one, {WebSocket: (await import("ws")).WebSocket}');
    const addresses = typeof address === 'string' ? [address] : address;
    if (addresses.length === 0) throw new TypeError('no address: pass that of the bridge, http://127.0.0.1:8080');
    const bases = addresses.map((each) => (each.endsWith('/') ? each : `${each}/`));
    this.ways = bases.flatMap((base) => this.carriers.map((carrier) => ({ base, carrier })));
  }

  private url(base: string, carrier: Carrier): URL {
    const url = new URL(`socket/${carrier}`, base);
    const scheme = carrier === 'websocket' ? 'ws' : 'http';
    url.protocol = url.protocol.replace(/^(ws|http)/, scheme);
    url.searchParams.set('vsn', PROTOCOL_VSN);
    if (this.options.name) url.searchParams.set('name', this.options.name);
    return url;
  }

  private dial(way: number): WebSocketLike {
    const { base, carrier } = this.ways[way]!;
    const url = this.url(base, carrier);
    const { token = '' } = this.options;
    if (carrier === 'events') return new EventStreamSocket(url, token);
    if (token !== '') url.searchParams.set('token', token);
    return new this.WebSocket!(url.href);
  }

  open(onStatus: (status: TransportStatus, reason: string) => void): void {
    this.onStatus = onStatus;
    this.isWanted = true;
    this.connect();
  }

  close(): void {
    this.isWanted = false;
    clearTimeout(this.retryTimer);
    const { socket } = this;
    this.ended('closed by the application');
    socket?.close(1000);
  }

  join(name: string, params: () => Readonly<Record<string, unknown>>, handlers: TopicHandlers): TransportTopic {
    // The protocol knows one join of a topic per connection: a second would silently end the first.
    if (this.topics.has(name))
      throw new TypeError(`${name} is joined already; use that subscription, or leave it first`);
    const topic = new PhoenixTopic(name, params, handlers, {
      send: (message) => this.send(message),
      tell: (message) => this.tell(message),
      ref: () => String(this.nextRef++),
      left: () => this.topics.delete(name),
    });
    this.topics.set(name, topic);
    if (this.status === 'open') queueMicrotask(() => topic.begin());
    return topic;
  }

  private connect(): void {
    const way = (this.firstWay + this.attempts) % this.ways.length;
    const { base, carrier } = this.ways[way]!;
    this.setStatus('connecting', this.url(base, carrier).href);
    const socket = this.dial(way);
    this.socket = socket;
    this.isProven = false;
    socket.binaryType = 'arraybuffer';
    // A host that took the connection and is gone, or whose process stands, never ends it. Nor does a proxy that takes
    // a WebSocket and lets nothing through.
    const patienceMs = this.ways.length === 1 ? this.heartbeatMs : Math.min(CARRIER_MS, this.heartbeatMs);
    this.connectTimer = setTimeout(() => this.abandon('the bridge did not answer the connection'), patienceMs);
    socket.onopen = () => {
      if (this.socket === socket) this.opened();
    };
    socket.onmessage = (event: { data: unknown }) => {
      if (this.socket === socket) this.receive(event.data);
    };
    socket.onerror = () => {};
    socket.onclose = (event: { code: number; reason: string }) => {
      if (this.socket === socket) this.ended(event.reason || `connection closed (${event.code})`);
    };
  }

  private opened(): void {
    this.setStatus('open', '');
    this.heartbeatTimer = setInterval(() => this.heartbeat(), this.heartbeatMs);
    // Without a topic nothing would be answered.
    this.heartbeat();
    for (const topic of this.topics.values()) topic.rejoin();
  }

  /** Something came: this carrier is good, and its loss is a new beginning. */
  private proven(): void {
    this.isProven = true;
    const way = (this.firstWay + this.attempts) % this.ways.length;
    this.firstWay = way - (way % this.carriers.length);
    this.attempts = 0;
    this.provenMs = performance.now();
    clearTimeout(this.connectTimer);
    if (way > this.firstWay) this.probeIn(this.options.probeMs ?? PROBE_MS);
  }

  /**
   * The first carrier was away for a moment only, perhaps, and this one costs the bridge more. It is tried beside the
   * present connection; when something comes over it, it takes over.
   */
  private probeIn(ms: number): void {
    this.probeTimer = setTimeout(() => {
      const probe = this.dial(this.firstWay);
      this.probe = probe;
      probe.onopen = () =>
        probe.send(encodeText({ joinRef: null, ref: '0', topic: SOCKET_TOPIC, event: events.heartbeat, payload: {} }));
      probe.onmessage = () => {
        if (this.probe === probe) this.abandon('a better way has opened');
      };
      const failed = () => {
        if (this.probe !== probe) return;
        this.endProbe();
        this.probeIn(Math.min(PROBE_MS_MAX, ms * 2));
      };
      probe.onerror = () => {};
      probe.onclose = failed;
      this.probeTimer = setTimeout(failed, CARRIER_MS);
    }, ms);
  }

  private endProbe(): void {
    clearTimeout(this.probeTimer);
    const { probe } = this;
    this.probe = undefined;
    probe?.close(1000);
  }

  private heartbeat(): void {
    if (this.pendingHeartbeat !== undefined) {
      this.abandon('the bridge did not answer a heartbeat');
      return;
    }
    this.pendingHeartbeat = String(this.nextRef++);
    this.send({ joinRef: null, ref: this.pendingHeartbeat, topic: SOCKET_TOPIC, event: events.heartbeat, payload: {} });
  }

  private abandon(reason: string): void {
    const { socket } = this;
    this.ended(reason);
    socket?.close(4000, 'no answer');
  }

  private ended(reason: string): void {
    clearTimeout(this.retryTimer);
    this.socket = undefined;
    clearTimeout(this.connectTimer);
    clearInterval(this.heartbeatTimer);
    this.endProbe();
    this.pendingHeartbeat = undefined;
    for (const topic of [...this.topics.values()]) topic.disconnected(reason);
    this.setStatus('closed', reason);
    if (!this.isWanted) return;
    const hasLasted = this.isProven && performance.now() - this.provenMs >= STEADY_MS;
    if (this.isProven) this.brief = hasLasted ? 0 : this.brief + 1;
    this.attempts = this.isProven ? 0 : this.attempts + 1;
    const rounds = this.attempts / this.ways.length;
    // The next one at once: a bridge that comes back must not do so just between two, and be reached over the worse one.
    const isOver = Number.isInteger(rounds);
    const doubled = 2 ** Math.min(Math.max(0, rounds - 1, this.brief - 1), 16);
    const waitMs = isOver ? Math.min(RETRY_MS_MAX, (this.options.retryMs ?? 100) * doubled) : 0;
    this.retryTimer = setTimeout(() => this.connect(), waitMs * (0.5 + Math.random() / 2));
  }

  /** The bridge cuts who says too much; of these the newest counts, and another one comes soon. */
  private tell(message: PhoenixMessage): void {
    const nowMs = performance.now();
    const earned = ((nowMs - this.toldMs) / 1e3) * TELLS_PER_SECOND;
    this.tells = Math.min(TELLS_PER_SECOND, this.tells + earned);
    this.toldMs = nowMs;
    if (this.tells < 1) return;
    this.tells--;
    this.send(message);
  }

  private send(message: PhoenixMessage): boolean {
    if (this.socket?.readyState !== OPEN) return false;
    this.socket.send(encodeText(message));
    return true;
  }

  private receive(data: unknown): void {
    const isText = typeof data === 'string';
    const message = isText ? decodeText(data) : decodeBinaryFromServer(new Uint8Array(data as ArrayBuffer));
    // From the future of the protocol: not ours to stumble over.
    if (message === undefined) return;
    if (!this.isProven) this.proven();
    if (message.topic === SOCKET_TOPIC) {
      if (message.ref === this.pendingHeartbeat) this.pendingHeartbeat = undefined;
      return;
    }
    const topic = this.topics.get(message.topic);
    if (message.event === 'frames' && message.payload instanceof Uint8Array) {
      const batch = decodeFrames(message.payload);
      if (batch === undefined) topic?.receive({ ...message, event: UNREADABLE, payload: {} });
      else topic?.frames(batch);
    } else topic?.receive(message);
  }

  private setStatus(status: TransportStatus, reason: string): void {
    this.status = status;
    this.onStatus(status, reason);
  }
}
