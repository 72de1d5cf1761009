/**
 * The way out. Two paths that never mix: what is only worth its moment goes to the socket now or not at all (QoS 0), and
 * what must arrive goes through the window (QoS 1).
 */
import type { Session } from './client.js';
import type { MqttMetrics, Path } from './metrics.js';
import { encodePublish } from './packet.js';
import { type Outgoing, Qos1Window } from './window.js';

/** The part of a connection that this needs. */
export interface Wire {
  /** Bytes that the socket has not taken. */
  pendingBytes(): number;
  write(packet: Buffer): boolean;
}

/** More than this in the socket's buffer means that the broker does not keep up: QoS 0 pauses rather than grows old in a queue. */
export const PENDING_BYTES_MAX = 256 * 1024;

export class Outbound {
  private session: Session | null = null;
  /** PUBACKs of ours, since the start. */
  acknowledgements = 0;
  /** Of what the window has dropped, what the metrics have already. */
  private counted = { states: 0, events: 0, frames: 0 };

  constructor(
    private readonly wire: Wire,
    private readonly metrics: MqttMetrics,
    /** What the broker has taken, and when: nothing of states, of which only the newest matters. */
    private readonly onAcknowledged: (outgoing: Outgoing, nowUs: number) => void = () => undefined,
    private readonly window = new Qos1Window(),
  ) {}

  /** Null while there is no connection. */
  get connection(): Session | null {
    return this.session;
  }

  /** QoS 1 publications that are not acknowledged. */
  get depth(): number {
    return this.window.depth;
  }

  get inFlight(): number {
    return this.window.inFlight;
  }

  /** Whether QoS 1 frames would leave now; otherwise more of them may share a message. */
  get isFree(): boolean {
    return this.window.isFree;
  }

  up(session: Session): void {
    this.session = session;
    this.window.open(session.receiveMaximum);
  }

  down(): void {
    this.session = null;
    this.window.close();
    this.countDropped();
  }

  /** Whether QoS 0 may go now. */
  get ready(): boolean {
    return this.session !== null && this.wire.pendingBytes() <= PENDING_BYTES_MAX;
  }

  /** A whole QoS 0 packet. @returns false when it was dropped, and counted */
  packet(path: Path, packet: Buffer): boolean {
    if (this.ready) return this.write(path, packet);
    this.metrics.dropped[path]++;
    return false;
  }

  /** QoS 0, not retained. */
  volatile(path: Path, topic: string, payload: string, expirySeconds: number): boolean {
    if (this.session === null) return false;
    const publication = { topic, qos: 0, retain: false, packetId: 0, expirySeconds } as const;
    return this.packet(path, encodePublish(this.session.version, publication, payload));
  }

  /** QoS 1, retained, newest value only. Nothing is kept while there is no connection: the birth says it all again. */
  retained(topic: string, payload: string): void {
    if (this.session === null) return;
    this.window.state(topic, payload);
    this.countDropped();
  }

  /** QoS 1, in order, kept over a reconnect. */
  event(topic: string, payload: string, judgedUs: number, nowUs: number): void {
    this.window.event(topic, payload, judgedUs, nowUs);
    this.countDropped();
  }

  /** QoS 1, in order, kept over a reconnect. @param payload called for each time that it is sent */
  frames(topic: string, payload: () => Uint8Array, judgedUs: number, queuedUs: number): void {
    this.window.frames(topic, payload, judgedUs, queuedUs);
    this.countDropped();
  }

  /** Writes what the window allows. */
  pump(): void {
    if (this.session === null) return;
    const { version } = this.session;
    for (let sent = this.window.next(); sent !== null; sent = this.window.next()) {
      const { topic, retain, packetId, payload } = sent;
      const publication = { topic, qos: 1, retain, packetId, expirySeconds: 0 } as const;
      const path = sent.kind === 'state' ? 'retained' : sent.kind;
      const bytes = typeof payload === 'string' ? payload : payload();
      // Longer than the broker takes: it would never go, and the ones behind it must.
      if (!this.write(path, encodePublish(version, publication, bytes))) this.window.acknowledge(packetId);
    }
  }

  /** PUBACK. @param reasonCode 0x80 and above: the broker refused it, and would again */
  acknowledged(packetId: number, reasonCode: number, nowUs: number): void {
    const outgoing = this.window.acknowledge(packetId);
    if (outgoing === null) return;
    this.acknowledgements++;
    if (reasonCode >= 0x80) this.metrics.rejected++;
    else if (outgoing.kind !== 'state') this.onAcknowledged(outgoing, nowUs);
    this.pump();
  }

  /** @returns false when the broker would refuse its length: counted */
  private write(path: Path, packet: Buffer): boolean {
    const isOversized = packet.length > (this.session?.packetBytesMax ?? 0);
    if (!isOversized && this.wire.write(packet)) {
      this.metrics.published[path]++;
      return true;
    }
    this.metrics.dropped[path]++;
    if (isOversized) this.metrics.oversized[path]++;
    return false;
  }

  private countDropped(): void {
    const { dropped } = this.metrics;
    const { states, events, frames } = this.window.dropped;
    dropped.retained += states - this.counted.states;
    dropped.event += events - this.counted.events;
    dropped.frames += frames - this.counted.frames;
    this.counted = { states, events, frames };
  }
}
