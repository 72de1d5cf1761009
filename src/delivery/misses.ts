/** What an outlet delivered too late, or not at all: collected, and told once a second. */
import type { FromOutlet } from '../outlet.js';

export type DeliveryCulprit = 'outlet' | 'consumer' | 'indeterminate';

/** One delivery that came later than its contract allows. Its two segments add up to its age since the judgement. */
export interface LateDelivery {
  readonly board: string;
  readonly stream: string;
  /** Who should have had it: a client or the broker; null when the outlet was late for all. */
  readonly client: string | null;
  readonly culprit: DeliveryCulprit;
  /** Judged to handed over, µs; null when it never was. */
  readonly outletUs: number | null;
  /** Handed over to acknowledged, µs; null where nobody acknowledges, or not yet. */
  readonly consumerUs: number | null;
}

type Entry = Extract<FromOutlet, { readonly type: 'delivery-miss' }>;

/** Different ones that are told a second; those beyond are counted under no client. */
const ENTRIES_MAX = 256;

export class DeliveryMisses {
  /** Since the outlet began. */
  readonly totals: Record<DeliveryCulprit, number> = { outlet: 0, consumer: 0, indeterminate: 0 };
  readonly #untold = new Map<string, { -readonly [K in keyof Entry]: Entry[K] }>();

  add(late: LateDelivery, count = 1): void {
    if (count === 0) return;
    this.totals[late.culprit] += count;
    const known = this.#untold.get(keyOf(late, late.client));
    const client = known !== undefined || this.#untold.size < ENTRIES_MAX ? late.client : null;
    const entry = known ?? this.#untold.get(keyOf(late, client));
    if (entry === undefined) {
      this.#untold.set(keyOf(late, client), { type: 'delivery-miss', ...late, client, count });
      return;
    }
    entry.count += count;
    if (ageOf(late) <= ageOf(entry)) return;
    entry.outletUs = late.outletUs;
    entry.consumerUs = late.consumerUs;
  }

  /** Those since the last call, each with the segments of its worst. */
  take(): Entry[] {
    const entries = [...this.#untold.values()];
    this.#untold.clear();
    return entries;
  }
}

const keyOf = ({ board, stream, culprit }: LateDelivery, client: string | null): string =>
  `${board}/${stream}/${culprit}/${client ?? ''}`;

/** What never came is older than anything that did. */
const ageOf = ({ outletUs, consumerUs }: Pick<LateDelivery, 'outletUs' | 'consumerUs'>): number =>
  outletUs === null ? Number.POSITIVE_INFINITY : outletUs + (consumerUs ?? 0);
