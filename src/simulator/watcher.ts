import type { DataFrame } from '../codec/decoder.js';
import type { Message } from '../codec/message.js';
import type { Judgement } from '../deadline/judgement.js';
import type { HealthRecord, MissRecord, StatsRecord } from '../feed/events.js';
import type { ReceivedFrame } from '../feed/frame.js';
import type { LinkState } from '../feed/slot.js';
import type { TextEvent } from '../outlet.js';

/** Sees what the bridge does, as it does it. */
export interface Watcher {
  /** The decoder has accepted a frame. */
  accepted(frame: DataFrame): void;
  /** @param offset at which the feed will publish it */
  judged(received: ReceivedFrame, judgement: Judgement, offset: number): void;
  missed(miss: MissRecord): void;
  stats(stats: StatsRecord): void;
  health(health: HealthRecord): void;
  told(event: TextEvent): void;
  ponged(pong: Message<'pong'>, roundTripUs: number): void;
  ticked(state: LinkState): void;
}
