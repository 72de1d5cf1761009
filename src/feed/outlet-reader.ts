/** How a worker reads the bridge: both rings in the order in which they were written, as fast as it can, without polling. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { type OutletStart, type TextEvent, type ToOutlet, WAKE } from '../outlet.js';
import { Cursor } from './cursor.js';
import type { HealthRecord, MissRecord, StatsRecord } from './events.js';
import { createHealthRecord, createMissRecord, createStatsRecord, readHealth, readMiss, readStats } from './events.js';
import { createFrameRecord, type FrameRecord, readFrame } from './frame.js';
import { consumerStates, Ring, stateAt } from './ring.js';
import { EVENT_FEED_OFFSET, SLOT_F64, slotKinds } from './slot.js';
import { TextCopy } from './text.js';

const { parked, running, dozing } = consumerStates;

/**
 * What comes out of the rings. Records are reused: they are valid until the handler returns. A handler that throws
 * ends the worker; the record counts as not handled, and the next worker gets it again.
 */
export interface RingHandlers {
  frame?(frame: FrameRecord, offset: number): void;
  miss?(miss: MissRecord): void;
  stats?(stats: StatsRecord): void;
  health?(health: HealthRecord): void;
  text?(text: TextEvent): void;
  /** After the last record that was there, or before a pause that lets the sockets of this worker have their turn. */
  batchEnd?(): void;
  /**
   * This worker was overtaken: the slots `fromOffset` <= offset < `toOffset` are gone for it. A frame of up to 21 values
   * takes one slot. After a loss of events the supervisor sends the present boards and alarms, as texts.
   */
  lost?(slots: number, ring: 'feed' | 'events', fromOffset: number, toOffset: number): void;
}

export interface RingReader {
  /**
   * Visits the frames that begin in `fromOffset` <= offset < `toOffset` and that the ring still holds, oldest first.
   * Does not touch the live cursor. A visitor that returns false ends the visit.
   * @returns up to where it came: the end of the range, or what is not published yet, or the frame at which it was ended.
   * Slots between that were no frame's are lost: overwritten, or never here.
   */
  history(
    fromOffset: number,
    toOffset: number,
    // biome-ignore lint/suspicious/noConfusingVoidType: a visitor that returns nothing goes on.
    visit: (frame: FrameRecord, offset: number) => boolean | void,
  ): number;
  /** The first offset of the feed that can still be read now. */
  oldestOffset(): number;
  /** One past the newest frame: who has everything is at this offset. */
  newestOffset(): number;
  /** Offset of the frame that the live reader handles next. */
  readonly offset: number;
  /** Slots of both rings that were lost to this reader. */
  readonly lostSlots: number;
  /**
   * How long frames may wait for this reader, milliseconds. 0, as it begins: it is woken for each chunk, which costs the
   * loop and itself some 20 µs. More: it looks by itself so often, and is woken for events only.
   */
  patience(ms: number): void;
  /** Handles what is there now, where the reader would have waited: before something is sent that should be new. */
  look(): void;
  /** Handles now what is in the rings now, without a pause: for an orderly stop. */
  drain(): void;
  /** Stops reading; the cursor stays in shared memory for the next reader. */
  close(): void;
}

/** Records handled in one turn of the worker's event loop; then its sockets and timers have theirs. */
const TURN_RECORDS = 2048;

/** Where a consumer of the rings begins. */
type RingStart = Omit<OutletStart, 'name'>;

/** Starts reading where `start` says, and answers the supervisor's pings on the same port (default: the worker's parent). */
export function readRings(start: RingStart, handlers: RingHandlers, port: MessagePort | null = parentPort): RingReader {
  if (port === null) throw new Error('readRings runs in a worker, or takes a port');
  return new Reader(start, handlers, port);
}

/** Answers the supervisor's pings, for a worker that does not read the rings. @returns stops answering. */
export function answerPings(port: MessagePort | null = parentPort): () => void {
  const onMessage = (message: ToOutlet): void => {
    if (typeof message === 'object' && message.type === 'ping') port?.postMessage({ type: 'pong', id: message.id });
  };
  port?.on('message', onMessage);
  return () => port?.off('message', onMessage);
}

class Reader implements RingReader {
  readonly #feed: Ring;
  readonly #handlers: RingHandlers;
  readonly #frames: Cursor;
  readonly #events: Cursor;
  readonly #frame = createFrameRecord();
  readonly #event = new EventCopy();
  readonly #stateAt: number;
  readonly #stopListening: () => void;
  #eventIsPending = false;
  #batchIsOpen = false;
  #patienceMs = 0;
  #lookTimer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor(start: RingStart, handlers: RingHandlers, port: MessagePort) {
    this.#feed = new Ring(start.feed);
    this.#handlers = handlers;
    const copyFrame = (ring: Ring, slot: number) => readFrame(ring, slot, this.#frame);
    const lost = (ring: 'feed' | 'events') => (slots: number, from: number, to: number) =>
      handlers.lost?.(slots, ring, from, to);
    this.#frames = new Cursor(this.#feed, start.feedCursor, copyFrame, lost('feed'), start.consumer);
    const events = new Ring(start.events);
    this.#events = new Cursor(events, start.eventsCursor, this.#event.copy, lost('events'), start.consumer);

    this.#stateAt = stateAt(start.consumer);
    Atomics.store(this.#feed.control, this.#stateAt, running);
    const onMessage = (message: ToOutlet): void => {
      if (message === WAKE) {
        if (this.#immediate === undefined) this.#turn();
      } else if (message.type === 'texts') for (const text of message.texts) handlers.text?.(text);
    };
    port.on('message', onMessage);
    const stopAnswering = answerPings(port);
    this.#stopListening = () => {
      port.off('message', onMessage);
      stopAnswering();
    };
    this.#immediate = setImmediate(this.#turn); // so that the caller has its reader before the first record
  }

  get offset(): number {
    return this.#frames.offset;
  }

  get lostSlots(): number {
    return this.#frames.lostSlots + this.#events.lostSlots;
  }

  newestOffset(): number {
    return this.#frames.headOffset();
  }

  oldestOffset(): number {
    return Math.max(this.newestOffset() - this.#feed.window, this.#feed.firstOffset);
  }

  history(fromOffset: number, toOffset: number, visit: Parameters<RingReader['history']>[2]): number {
    const frame = createFrameRecord();
    const copy = (ring: Ring, slot: number) => readFrame(ring, slot, frame);
    const cursor = new Cursor(this.#feed, Math.max(fromOffset, this.oldestOffset()), copy);
    while (cursor.offset < toOffset && cursor.copyNext() && cursor.offset < toOffset) {
      if (visit(frame, cursor.offset) === false) return cursor.offset;
      cursor.advance();
    }
    return Math.min(cursor.offset, toOffset);
  }

  patience(ms: number): void {
    if (ms === this.#patienceMs) return;
    this.#patienceMs = ms;
    clearTimeout(this.#lookTimer);
    this.#lookTimer = ms === 0 ? undefined : setTimeout(() => this.look(), ms);
    // Who dozed until now goes to sleep anew, as it is wanted now.
    this.look();
  }

  look(): void {
    if (this.#isClosed) return;
    if (Atomics.compareExchange(this.#feed.control, this.#stateAt, dozing, running) === dozing) this.#turn();
  }

  drain(): void {
    const head = this.newestOffset();
    const eventsHead = this.#events.headOffset();
    while (!this.#isClosed && (this.#frames.offset < head || this.#events.offset < eventsHead)) this.#handleNext();
    this.#endBatch();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearImmediate(this.#immediate);
    clearTimeout(this.#lookTimer);
    this.#stopListening();
    this.#storeCursors();
    Atomics.store(this.#feed.control, this.#stateAt, consumerStates.detached);
  }

  /** Handles what is there, then sleeps; never loses a wake-up: the producer publishes before it looks who is asleep. */
  #turn = (): void => {
    this.#immediate = undefined;
    const { control } = this.#feed;
    for (let left = TURN_RECORDS; !this.#isClosed; ) {
      if (left-- === 0) {
        this.#endBatch();
        this.#immediate = setImmediate(this.#turn);
        return;
      }
      if (this.#handleNext()) continue;
      this.#endBatch();
      if (this.#isClosed) return;
      const asleep = this.#patienceMs === 0 ? parked : dozing;
      this.#lookTimer?.refresh();
      Atomics.store(control, this.#stateAt, asleep);
      if (!this.#isBehind(asleep)) return;
      if (Atomics.compareExchange(control, this.#stateAt, asleep, running) !== asleep) return; // a wake-up is on its way
    }
    this.#storeCursors(); // closed by a handler: its record was handled
  };

  /** Whether there is something that it would have been woken for. */
  #isBehind(asleep: number): boolean {
    if (this.#events.headOffset() > this.#events.offset) return true;
    return asleep === parked && this.#frames.headOffset() > this.#frames.offset;
  }

  /**
   * Merges the rings in the order of writing. An event comes after the frames that were in the feed when it was
   * published, and before those that came later. The head of the feed is loaded first: what was published before those
   * frames is then visible in the events ring.
   * @returns false when neither ring has more.
   */
  #handleNext(): boolean {
    const head = this.#frames.headOffset();
    if (!this.#eventIsPending) this.#eventIsPending = this.#events.copyNext();
    if (this.#eventIsPending && !(this.#event.feedOffset > this.#frames.offset)) {
      this.#batchIsOpen = true;
      this.#event.handle(this.#handlers);
      this.#events.advance();
      this.#eventIsPending = false;
      return true;
    }
    if (this.#frames.offset >= head || !this.#frames.copyNext()) return false;
    this.#batchIsOpen = true;
    this.#handlers.frame?.(this.#frame, this.#frames.offset);
    this.#frames.advance();
    return true;
  }

  #endBatch(): void {
    if (!this.#batchIsOpen) return;
    this.#batchIsOpen = false;
    this.#handlers.batchEnd?.();
    this.#storeCursors();
  }

  #storeCursors(): void {
    this.#frames.store();
    this.#events.store();
  }
}

/** One record of the events ring, copied and not yet handled. */
class EventCopy {
  feedOffset = 0;
  #kind = 0;
  readonly #miss = createMissRecord();
  readonly #stats = createStatsRecord();
  readonly #health = createHealthRecord();
  readonly #text = new TextCopy();

  readonly copy = (ring: Ring, slot: number, kind: number): void => {
    this.#kind = kind;
    this.feedOffset = ring.f64[slot * SLOT_F64 + EVENT_FEED_OFFSET]!;
    if (kind === slotKinds.miss) readMiss(ring, slot, this.#miss);
    else if (kind === slotKinds.stats) readStats(ring, slot, this.#stats);
    else if (kind === slotKinds.health) readHealth(ring, slot, this.#health);
    else if (kind === slotKinds.text) this.#text.copy(ring, slot);
  };

  handle(handlers: RingHandlers): void {
    if (this.#kind === slotKinds.miss) handlers.miss?.(this.#miss);
    else if (this.#kind === slotKinds.stats) handlers.stats?.(this.#stats);
    else if (this.#kind === slotKinds.health) handlers.health?.(this.#health);
    else if (this.#kind === slotKinds.text) handlers.text?.(this.#text.parse());
  }
}
