import type { RingReader } from '../../feed/outlet-reader.js';
import type { CommandRelay } from '../commands.js';
import type { DeliveryLedger } from '../delivery.js';
import type { Flusher, OutboxCounters } from '../phoenix/outbox.js';
import type { BridgeState } from '../state.js';

/** The gateway's clocks, passed in so that tests can hold them. */
export interface Clock {
  /** Host monotonic. */
  nowUs(): number;
  /** UTC - host monotonic, now. */
  utcOffsetUs(): number;
}

/** What all topics share. */
export interface TopicContext {
  readonly state: BridgeState;
  readonly clock: Clock;
  /** A gateway elsewhere, which takes no commands. */
  readonly readOnly: boolean;
  readonly epoch: string;
  readonly version: string;
  readonly flusher: Flusher;
  readonly counters: OutboxCounters;
  readonly delivery: DeliveryLedger;
  readonly commands: CommandRelay;
  /** The feed: its memory, for recovery, and how soon frames are wanted; undefined until the reader runs. */
  readonly history: () =>
    | Pick<RingReader, 'history' | 'oldestOffset' | 'newestOffset' | 'patience' | 'look'>
    | undefined;
}
