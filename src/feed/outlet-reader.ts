/** How a worker reads the bridge: both rings in the order in which they were written, as fast as it can, without polling. */
import type { MessagePort } from 'node:worker_threads';
import type { OutletStart, TextEvent } from '../outlet.js';
import type { HealthRecord, MissRecord, StatsRecord } from './events.js';
import type { FrameRecord } from './frame.js';

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
  /** This worker was overtaken: the slots `fromOffset` <= offset < `toOffset` are gone for it. A frame of up to 21 values takes one slot. */
  lost?(slots: number, ring: 'feed' | 'events', fromOffset: number, toOffset: number): void;
}

export interface RingReader {
  /**
   * Visits the frames that begin in `fromOffset` <= offset < `toOffset` and that the ring still holds, oldest first.
   * Does not touch the live cursor. A visitor that returns false ends the visit.
   * @returns true when every frame of the range was visited; false when some were overwritten, not yet published, or not visited.
   */
  history(
    fromOffset: number,
    toOffset: number,
    // biome-ignore lint/suspicious/noConfusingVoidType: a visitor that returns nothing goes on.
    visit: (frame: FrameRecord, offset: number) => boolean | void,
  ): boolean;
  /** The first offset of the feed that can still be read now. */
  oldestOffset(): number;
  /** One past the newest frame: who has everything is at this offset. */
  newestOffset(): number;
  /** Offset of the frame that the live reader handles next. */
  readonly offset: number;
  /** Slots of both rings that were lost to this reader. */
  readonly lostSlots: number;
  /** Stops reading; the cursor stays in shared memory for the next reader. */
  close(): void;
}

/** Starts reading where `start` says, and answers the supervisor's pings on the same port (default: the worker's parent). */
export declare function readRings(start: OutletStart, handlers: RingHandlers, port?: MessagePort): RingReader;
