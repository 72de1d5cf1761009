import type { FromOutlet } from '../outlet.js';

export type Stage = 'firmware' | 'link' | 'host' | 'outlet' | 'consumer';

/** Upper bounds of the stage histograms, in microseconds. Every outlet has the same, so that `/metrics` can add them up. */
export const STAGE_BOUNDS_US = [100, 200, 500, 1e3, 2e3, 5e3, 10e3, 20e3, 50e3, 100e3, 200e3, 500e3, 1e6, 5e6] as const;

export class StageHistogram {
  /** One more than the bounds: the last counts what is above them all. */
  readonly counts = new Float64Array(STAGE_BOUNDS_US.length + 1);
  /** [0]: in a cell, because a double field would be boxed with each store. */
  readonly sumUs = new Float64Array(1);

  add(us: number): void {
    // NaN while the clock of the board is not known: nothing to count.
    if (!(us >= 0)) return;
    let i = 0;
    while (i < STAGE_BOUNDS_US.length && us > STAGE_BOUNDS_US[i]!) i++;
    this.counts[i]!++;
    this.sumUs[0]! += us;
  }
}

type Culprit = 'outlet' | 'consumer' | 'indeterminate';

/** Deadline stages seen from here, and the delivery contract of this outlet: counted, reported once a second, never a trip. */
export class DeliveryLedger {
  readonly stages: Readonly<Record<Stage, StageHistogram>> = {
    firmware: new StageHistogram(),
    link: new StageHistogram(),
    host: new StageHistogram(),
    outlet: new StageHistogram(),
    consumer: new StageHistogram(),
  };
  /** By culprit, since the gateway began. */
  readonly totals: Record<Culprit, number> = { outlet: 0, consumer: 0, indeterminate: 0 };
  private readonly unreported = new Map<string, { board: string; stream: string; culprit: Culprit; count: number }>();

  miss(board: string, stream: string, culprit: Culprit, count: number): void {
    if (count === 0) return;
    this.totals[culprit] += count;
    const key = `${board}/${stream}/${culprit}`;
    const entry = this.unreported.get(key);
    if (entry === undefined) this.unreported.set(key, { board, stream, culprit, count });
    else entry.count += count;
  }

  report(post: (message: FromOutlet) => void): void {
    for (const entry of this.unreported.values()) post({ type: 'delivery-miss', ...entry });
    this.unreported.clear();
  }
}
