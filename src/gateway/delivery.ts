import { DeliveryMisses } from '../delivery/misses.js';
import { StageHistogram } from '../delivery/stage-histogram.js';
import type { FromOutlet } from '../outlet.js';

export type Stage = 'firmware' | 'link' | 'host' | 'outlet' | 'consumer';

/** Deadline stages seen from here, and the delivery contract of this outlet: counted, reported once a second, never a trip. */
export class DeliveryLedger {
  readonly stages: Readonly<Record<Stage, StageHistogram>> = {
    firmware: new StageHistogram(),
    link: new StageHistogram(),
    host: new StageHistogram(),
    outlet: new StageHistogram(),
    consumer: new StageHistogram(),
  };
  readonly misses = new DeliveryMisses();

  report(post: (message: FromOutlet) => void): void {
    for (const entry of this.misses.take()) post(entry);
  }
}
