import { Fifo } from './fifo.js';

/**
 * What goes out with QoS 1: pure bookkeeping, no I/O. Three kinds share one window, because the broker's Receive Maximum
 * counts them together:
 *
 * - a *state* is retained and only its newest value matters: a newer one takes the place of one that still waits, and all
 *   are forgotten when the connection closes, because the birth after the next one says them again;
 * - an *event* must arrive, in order: it is kept over a reconnect and sent again until it is acknowledged;
 * - *frames*, where they are wanted with QoS 1, likewise; they go behind states and events, and wait in a queue of their
 *   own, so that a thousand of them a second push out no event.
 *
 * Events and frames wait in bounded queues; when one is full its oldest that was never sent is dropped and counted. mqtt.js'
 * own store is not used: it ignores the Receive Maximum, and overwrites silently after 65,535 messages.
 */

export interface Outgoing {
  readonly topic: string;
  /** Frames are finished when they are written: they carry the time at which they were sent. */
  readonly payload: string | (() => Uint8Array);
  readonly retain: boolean;
  /** When what it tells was judged, host monotonic; NaN for a state. */
  readonly judgedUs: number;
  /** When it came here, host monotonic: from then on it is the broker that it waits for. */
  readonly queuedUs: number;
  readonly kind: 'state' | 'event' | 'frames';
}

export interface Sent extends Outgoing {
  readonly packetId: number;
}

/** Most publications in flight, whatever the broker would allow. */
export const WINDOW_MAX = 64;
/** Our packet ids are 1 to this; mqtt.js gets the others, for its subscriptions. */
export const PACKET_ID_MAX = 0x7fff;
const EVENTS_MAX = 10_000;
/** Of up to 64 frames each, when they cannot go: a minute of 1 kHz. */
const FRAME_BATCHES_MAX = 1000;
const STATES_MAX = 4096;

export class Qos1Window {
  private readonly states = new Map<string, Outgoing>();
  private readonly events = new Fifo<Outgoing>();
  private readonly batches = new Fifo<Outgoing>();
  private readonly flying = new Map<number, Outgoing>();
  private limit = 0;
  private lastId = 0;
  /** Lost to the bounds, since the start. */
  readonly dropped = { states: 0, events: 0, frames: 0 };

  /** @param eventsMax events that may wait, beyond those in flight; @param batchesMax likewise of frames */
  constructor(
    private readonly eventsMax = EVENTS_MAX,
    private readonly batchesMax = FRAME_BATCHES_MAX,
  ) {}

  /** What the broker has not acknowledged, and states that wait. */
  get depth(): number {
    return this.events.length + this.batches.length + this.flying.size + this.states.size;
  }

  get inFlight(): number {
    return this.flying.size;
  }

  /** Whether frames would leave now, and not wait behind something. */
  get isFree(): boolean {
    return this.flying.size < this.limit && this.batches.length + this.events.length + this.states.size === 0;
  }

  state(topic: string, payload: string): void {
    if (!this.states.has(topic) && this.states.size >= STATES_MAX) {
      this.dropped.states++;
      return;
    }
    this.states.delete(topic);
    const times = { judgedUs: Number.NaN, queuedUs: Number.NaN };
    this.states.set(topic, { topic, payload, retain: true, ...times, kind: 'state' });
  }

  event(topic: string, payload: string, judgedUs: number, queuedUs = judgedUs): void {
    this.bound(this.events, this.eventsMax - 1);
    this.events.push({ topic, payload, retain: false, judgedUs, queuedUs, kind: 'event' });
  }

  frames(topic: string, payload: () => Uint8Array, judgedUs: number, queuedUs: number): void {
    this.bound(this.batches, this.batchesMax - 1);
    this.batches.push({ topic, payload, retain: false, judgedUs, queuedUs, kind: 'frames' });
  }

  /** A connection is up. @param receiveMaximum of the broker (MQTT 5), 65535 when it says none */
  open(receiveMaximum: number): void {
    this.limit = Math.max(1, Math.min(receiveMaximum, WINDOW_MAX));
  }

  /** The connection is gone: what is not acknowledged goes back to the front, in order. */
  close(): void {
    this.limit = 0;
    const again = [...this.flying.values()];
    this.flying.clear();
    this.states.clear();
    this.events.putBack(again.filter(({ kind }) => kind === 'event'));
    this.batches.putBack(again.filter(({ kind }) => kind === 'frames'));
    this.bound(this.events, this.eventsMax + WINDOW_MAX);
    this.bound(this.batches, this.batchesMax + WINDOW_MAX);
  }

  /** The next to write, now in flight; null when the window is full or closed, or when nothing waits. */
  next(): Sent | null {
    if (this.flying.size >= this.limit) return null;
    const outgoing = this.takeState() ?? this.events.take() ?? this.batches.take();
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

  private bound(queue: Fifo<Outgoing>, most: number): void {
    const dropped = queue === this.events ? 'events' : 'frames';
    for (; queue.length > most; this.dropped[dropped]++) queue.take();
  }

  private nextId(): number {
    do this.lastId = (this.lastId % PACKET_ID_MAX) + 1;
    while (this.flying.has(this.lastId));
    return this.lastId;
  }
}
