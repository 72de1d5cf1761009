import type { DataFrame } from '../codec/decoder.js';
import type { Message } from '../codec/message.js';
import type { Judgement } from '../deadline/judgement.js';
import type { HealthRecord, MissRecord, StatsRecord } from '../feed/events.js';
import type { ReceivedFrame } from '../feed/frame.js';
import type { LinkState } from '../feed/slot.js';
import type { TextEvent } from '../outlet.js';

/** Sees what the bridge does, as it does it. */
export interface Watcher {
  /** A bridge starts, and knows nothing of the one before. */
  started(): void;
  /** The decoder has accepted a frame. */
  accepted(frame: DataFrame): void;
  /** The decoder has found damaged bytes. @param isNew they are not the rest of a run of which a piece was told before */
  corrupt(bytes: number, isNew: boolean): void;
  /** The decoder has found a frame of another session during this one. Before the loop hears of it. */
  foreign(): void;
  /** @param offset at which the feed will publish it */
  judged(received: ReceivedFrame, judgement: Judgement, offset: number): void;
  missed(miss: MissRecord): void;
  stats(stats: StatsRecord): void;
  health(health: HealthRecord): void;
  told(event: TextEvent): void;
  ponged(pong: Message<'pong'>, roundTripUs: number): void;
  ticked(state: LinkState): void;
}

/** Several, one after the other: each sees what it looks at. */
export class Watchers implements Watcher {
  constructor(private readonly all: readonly Partial<Watcher>[]) {}

  started(): void {
    for (const each of this.all) each.started?.();
  }

  accepted(frame: DataFrame): void {
    for (const each of this.all) each.accepted?.(frame);
  }

  corrupt(bytes: number, isNew: boolean): void {
    for (const each of this.all) each.corrupt?.(bytes, isNew);
  }

  foreign(): void {
    for (const each of this.all) each.foreign?.();
  }

  judged(received: ReceivedFrame, judgement: Judgement, offset: number): void {
    for (const each of this.all) each.judged?.(received, judgement, offset);
  }

  missed(miss: MissRecord): void {
    for (const each of this.all) each.missed?.(miss);
  }

  stats(stats: StatsRecord): void {
    for (const each of this.all) each.stats?.(stats);
  }

  health(health: HealthRecord): void {
    for (const each of this.all) each.health?.(health);
  }

  told(event: TextEvent): void {
    for (const each of this.all) each.told?.(event);
  }

  ponged(pong: Message<'pong'>, roundTripUs: number): void {
    for (const each of this.all) each.ponged?.(pong, roundTripUs);
  }

  ticked(state: LinkState): void {
    for (const each of this.all) each.ticked?.(state);
  }
}
