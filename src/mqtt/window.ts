/**
 * What goes out with QoS 1: pure bookkeeping, no I/O. Two kinds share one window, because the broker's Receive Maximum
 * counts them together:
 *
 * - a *state* is retained and only its newest value matters: a newer one takes the place of one that still waits, and all
 *   are forgotten when the connection closes, because the birth after the next one says them again;
 * - an *event* must arrive, in order: it is kept over a reconnect and sent again until it is acknowledged.
 *
 * Events wait in a bounded queue; when it is full the oldest that was never sent is dropped and counted. mqtt.js' own
 * store is not used: it ignores the Receive Maximum, and overwrites silently after 65,535 messages.
 */

export interface Outgoing {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  /** When what it tells was judged, host monotonic; NaN for a state. */
  readonly judgedUs: number;
  /** When it came here, host monotonic: from then on it is the broker that it waits for. */
  readonly queuedUs: number;
  readonly event: boolean;
}

export interface Sent extends Outgoing {
  readonly packetId: number;
}

/** Most publications in flight, whatever the broker would allow. */
export const WINDOW_MAX = 64;
/** Our packet ids are 1 to this; mqtt.js gets the others, for its subscriptions. */
export const PACKET_ID_MAX = 0x7fff;
const QUEUE_MAX = 10_000;
const STATES_MAX = 4096;
const COMPACT_AT = 1024;

export class Qos1Window {
  private readonly states = new Map<string, Outgoing>();
  private queue: Outgoing[] = [];
  private head = 0;
  private readonly flying = new Map<number, Outgoing>();
  private limit = 0;
  private lastId = 0;
  private droppedEvents = 0;
  private droppedStates = 0;

  /** @param queueMax events that may wait, beyond those in flight */
  constructor(private readonly queueMax = QUEUE_MAX) {}

  /** Events that the broker has not acknowledged, and states that wait. */
  get depth(): number {
    return this.queue.length - this.head + this.flying.size + this.states.size;
  }

  get waiting(): number {
    return this.queue.length - this.head;
  }

  get inFlight(): number {
    return this.flying.size;
  }

  /** Events and states lost to the bounds, since the start. */
  get dropped(): number {
    return this.droppedEvents + this.droppedStates;
  }

  state(topic: string, payload: string): void {
    if (!this.states.has(topic) && this.states.size >= STATES_MAX) {
      this.droppedStates++;
      return;
    }
    this.states.delete(topic);
    this.states.set(topic, { topic, payload, retain: true, judgedUs: Number.NaN, queuedUs: Number.NaN, event: false });
  }

  event(topic: string, payload: string, judgedUs: number, queuedUs = judgedUs): void {
    if (this.waiting >= this.queueMax) this.dropOldest();
    this.queue.push({ topic, payload, retain: false, judgedUs, queuedUs, event: true });
  }

  /** A connection is up. @param receiveMaximum of the broker (MQTT 5), 65535 when it says none */
  open(receiveMaximum: number): void {
    this.limit = Math.max(1, Math.min(receiveMaximum, WINDOW_MAX));
  }

  /** The connection is gone: unacknowledged events go back to the front, in order. */
  close(): void {
    this.limit = 0;
    const again = [...this.flying.values()].filter((outgoing) => outgoing.event);
    this.flying.clear();
    this.states.clear();
    this.queue = again.concat(this.head > 0 ? this.queue.slice(this.head) : this.queue);
    this.head = 0;
    while (this.waiting > this.queueMax + WINDOW_MAX) this.dropOldest();
  }

  /** The next to write, now in flight; null when the window is full or closed, or when nothing waits. */
  next(): Sent | null {
    if (this.flying.size >= this.limit) return null;
    const outgoing = this.takeState() ?? this.takeEvent();
    if (outgoing === null) return null;
    const packetId = this.nextId();
    this.flying.set(packetId, outgoing);
    return { ...outgoing, packetId };
  }

  /** PUBACK. @returns what it acknowledges, or null for an id that is not in flight */
  acknowledge(packetId: number): Outgoing | null {
    const outgoing = this.flying.get(packetId);
    if (outgoing === undefined) return null;
    this.flying.delete(packetId);
    return outgoing;
  }

  private takeState(): Outgoing | null {
    for (const [topic, outgoing] of this.states) {
      this.states.delete(topic);
      return outgoing;
    }
    return null;
  }

  private takeEvent(): Outgoing | null {
    if (this.head >= this.queue.length) return null;
    const outgoing = this.queue[this.head++]!;
    if (this.head === this.queue.length) {
      this.queue = [];
      this.head = 0;
    } else if (this.head >= COMPACT_AT && this.head * 2 >= this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
    return outgoing;
  }

  private dropOldest(): void {
    if (this.takeEvent() !== null) this.droppedEvents++;
  }

  private nextId(): number {
    do this.lastId = (this.lastId % PACKET_ID_MAX) + 1;
    while (this.flying.has(this.lastId));
    return this.lastId;
  }
}
