import { decodeFrames } from '../columns.js';
import {
  type TopicHandlers,
  type Transport,
  type TransportStatus,
  type TransportTopic,
  UNREADABLE,
} from '../transport.js';
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

export interface PhoenixTransportOptions {
  /** `http.token` of the bridge. */
  readonly token?: string;
  /** What others see in Presence. */
  readonly name?: string;
  /** Default: the global one. Node 20 has none: pass `WebSocket` of `ws`. */
  readonly WebSocket?: WebSocketConstructor;
  /** How long the bridge may take to answer, a heartbeat or a connection, before another is made. Default 15 s. */
  readonly heartbeatMs?: number;
  /** First wait before a reconnection; it doubles up to 5 s, and is spread by half. Default 100 ms. */
  readonly retryMs?: number;
}

const OPEN = 1;
const HEARTBEAT_MS = 15_000;
const RETRY_MS_MAX = 5000;

/** The Phoenix Channels socket of the bridge: connects, keeps alive, reconnects, and carries topics. */
export class PhoenixTransport implements Transport {
  status: TransportStatus = 'closed';
  private readonly url: string;
  private readonly WebSocket: WebSocketConstructor;
  private readonly topics = new Map<string, PhoenixTopic>();
  private socket: WebSocketLike | undefined;
  private onStatus: (status: TransportStatus, reason: string) => void = () => {};
  private isWanted = false;
  private attempts = 0;
  private nextRef = 1;
  private readonly heartbeatMs: number;
  private pendingHeartbeat: string | undefined;
  private heartbeatTimer: ReturnType<typeof setInterval> | undefined;
  private connectTimer: ReturnType<typeof setTimeout> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;

  /** @param base address of the bridge, `http://127.0.0.1:8080` (or ws, https, wss) */
  constructor(
    base: string,
    private readonly options: PhoenixTransportOptions = {},
  ) {
    const url = new URL('socket/websocket', base.endsWith('/') ? base : `${base}/`);
    url.protocol = url.protocol.replace('http', 'ws');
    url.searchParams.set('vsn', PROTOCOL_VSN);
    if (options.token) url.searchParams.set('token', options.token);
    if (options.name) url.searchParams.set('name', options.name);
    this.url = url.href;
    this.heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
    const found = options.WebSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
    if (found === undefined)
      throw new TypeError('this runtime has no WebSocket: pass one, {WebSocket: (await import("ws")).WebSocket}');
    this.WebSocket = found;
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
      ref: () => String(this.nextRef++),
      left: () => this.topics.delete(name),
    });
    this.topics.set(name, topic);
    if (this.status === 'open') queueMicrotask(() => topic.begin());
    return topic;
  }

  private connect(): void {
    this.setStatus('connecting', this.url.replace(/token=[^&]*/, 'token=…'));
    const socket = new this.WebSocket(this.url);
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    // A host that took the connection and is gone, or whose process stands, never ends it.
    this.connectTimer = setTimeout(() => this.abandon('the bridge did not answer the connection'), this.heartbeatMs);
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
    this.attempts = 0;
    clearTimeout(this.connectTimer);
    this.setStatus('open', '');
    this.heartbeatTimer = setInterval(() => this.heartbeat(), this.heartbeatMs);
    for (const topic of this.topics.values()) topic.rejoin();
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
    this.socket = undefined;
    clearTimeout(this.connectTimer);
    clearInterval(this.heartbeatTimer);
    this.pendingHeartbeat = undefined;
    for (const topic of [...this.topics.values()]) topic.disconnected(reason);
    this.setStatus('closed', reason);
    if (!this.isWanted) return;
    const waitMs = Math.min(RETRY_MS_MAX, (this.options.retryMs ?? 100) * 2 ** Math.min(this.attempts++, 16));
    this.retryTimer = setTimeout(() => this.connect(), waitMs * (0.5 + Math.random() / 2));
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
