/** The main thread's side of both rings. */
import type { TextEvent } from '../outlet.js';
import type { HealthRecord, MissRecord, StatsRecord } from './events.js';
import { writeHealth, writeMiss, writeStats } from './events.js';
import type { FrameJudgement, ReceivedFrame } from './frame.js';
import { FRAME_SLOTS_MAX, writeFrame } from './frame.js';
import { RetainedTexts } from './retained-texts.js';
import { consumerStates, Producer, Ring, ringSlots, stateAt } from './ring.js';
import { SLOT_BYTES, slotHead, slotKinds, TEXT_SLOTS_MAX } from './slot.js';
import { writeText } from './text.js';

const { parked, running, dozing } = consumerStates;

export interface FeedSize {
  /** Summed over the streams of all boards: rate x `frameSlots(signals)`. */
  readonly slotsPerSecond: number;
  /** How long the rings shall remember. */
  readonly seconds: number;
}

/** Every frame may be a miss, for a third of the time; and never so small that a descriptor fills it. */
const EVENTS_SHARE = 1 / 3;
const EVENTS_SLOTS_MIN = 8192;

export class Feed {
  /** Texts that were too long. */
  cutTexts = 0;
  /** Wake-ups sent: each costs this thread 7-10 us. */
  wakeUps = 0;
  readonly frames: Producer;
  readonly events: Producer;
  readonly retained = new RetainedTexts();
  /** Up to here the events have been told to those who doze. */
  #eventsTold: number;
  readonly #wakers: { readonly stateAt: number; readonly wake: () => void }[] = [];

  constructor(frames: Ring, events: Ring) {
    this.frames = new Producer(frames);
    this.events = new Producer(events);
    this.#eventsTold = this.events.offset;
  }

  static create({ slotsPerSecond, seconds }: FeedSize): Feed {
    const eventSlots = Math.max(ringSlots(slotsPerSecond * EVENTS_SHARE, seconds), EVENTS_SLOTS_MIN);
    return new Feed(
      Ring.create({ slots: ringSlots(slotsPerSecond, seconds), recordSlotsMax: FRAME_SLOTS_MAX }),
      // As large as for a bad day: on others a few records a second, and most of the memory is never taken.
      Ring.create({ slots: eventSlots, recordSlotsMax: TEXT_SLOTS_MAX, isTouched: false }),
    );
  }

  /** The hot path: allocates nothing. `board` is its index. */
  frame(board: number, received: ReceivedFrame, judged: FrameJudgement): void {
    writeFrame(this.frames, board, received, judged);
  }

  /** Slots that never came, in a feed that is copied from another machine. Every reader is told. */
  lose(slots: number): void {
    for (let i = 0; i < slots; i++) lost(this.frames);
  }

  /** The same of events, however many: they have offsets of their own in a copy. */
  loseEvent(): void {
    lost(this.events);
  }

  miss(miss: MissRecord): void {
    writeMiss(this.events, miss, this.frames.offset);
  }

  stats(stats: StatsRecord): void {
    writeStats(this.events, stats, this.frames.offset);
  }

  health(health: HealthRecord): void {
    writeHealth(this.events, health, this.frames.offset);
  }

  /** @param feedOffset it comes after the frames before this; default: after all */
  text(event: TextEvent, feedOffset = this.frames.offset): void {
    const { offset } = this.events;
    if (writeText(this.events, event, feedOffset)) this.cutTexts++;
    this.retained.add(event, offset, offset - this.events.ring.slots);
  }

  /** In the order in which they shall be woken. The wake-up of a consumer is `parentPort.postMessage(WAKE)` or the like. */
  onParked(consumer: number, wake: () => void): void {
    this.#wakers.push({ stateAt: stateAt(consumer), wake });
  }

  /**
   * Call once per chunk, after its last record: wakes who is asleep, once, and nobody who is running. Who dozes is woken
   * only when there are events: a wake-up costs more than everything else that the loop does with a frame.
   */
  wakeParked(): void {
    const { control } = this.frames.ring;
    const hasEvents = this.events.offset !== this.#eventsTold;
    this.#eventsTold = this.events.offset;
    for (const { stateAt, wake } of this.#wakers) {
      const state = Atomics.load(control, stateAt);
      if (state !== parked && !(hasEvents && state === dozing)) continue;
      if (Atomics.compareExchange(control, stateAt, state, running) !== state) continue;
      this.wakeUps++;
      wake();
    }
  }
}

function lost(producer: Producer): void {
  const byte = producer.claim(1) * SLOT_BYTES;
  producer.ring.u8[byte + slotHead.kind] = slotKinds.lost;
  producer.ring.u8[byte + slotHead.continuations] = 0;
  producer.publish(1);
}
