/**
 * The delivery contract towards the broker. Judged to handed over is the outlet's time; from there to the acknowledgement
 * is the consumer's, also while there is no connection or its window is full: it is the broker that does not take more.
 */
import { type DeliveryCulprit, DeliveryMisses } from '../delivery/misses.js';
import type { Pulse } from '../delivery/pulse.js';
import type { StreamView } from './boards.js';
import type { MqttMetrics } from './metrics.js';

const BROKER = 'broker';

export class BrokerDelivery {
  readonly misses = new DeliveryMisses();

  constructor(
    private readonly metrics: MqttMetrics,
    private readonly pulse: Pulse,
  ) {}

  /** QoS 0: written to the socket. What becomes of it there nobody acknowledges. */
  written(stream: StreamView, judgedUs: number, nowUs: number): void {
    const outletUs = nowUs - judgedUs;
    this.metrics.stages.outlet.add(outletUs);
    if (stream.outletUs === 0 || outletUs <= stream.outletUs) return;
    const late = { ...headOf(stream), culprit: 'outlet', outletUs, consumerUs: null } as const;
    this.misses.add(late);
  }

  /** QoS 1: acknowledged. */
  acknowledged(stream: StreamView, judgedUs: number, queuedUs: number, nowUs: number): void {
    const outletUs = queuedUs - judgedUs;
    const consumerUs = nowUs - queuedUs;
    this.metrics.stages.outlet.add(outletUs);
    this.metrics.stages.consumer.add(consumerUs);
    const culprit = this.#culpritOf(stream, outletUs, consumerUs, queuedUs);
    if (culprit !== null) this.misses.add({ ...headOf(stream), culprit, outletUs, consumerUs });
  }

  #culpritOf(stream: StreamView, outletUs: number, consumerUs: number, queuedUs: number): DeliveryCulprit | null {
    const outlet = overrunUs(outletUs, stream.outletUs);
    const consumer = overrunUs(consumerUs, stream.consumerUs);
    if (outlet <= 0 && consumer <= 0) return null;
    if (outlet >= consumer) return 'outlet';
    // An acknowledgement that lay here while this thread stood: how long, nobody knows.
    const stalledUs = this.pulse.stalledUs(queuedUs, queuedUs + consumerUs);
    return consumer > stalledUs ? 'consumer' : 'indeterminate';
  }
}

const headOf = ({ board, name }: StreamView) => ({ board, stream: name, client: BROKER });

/** 0 is no budget. */
const overrunUs = (us: number, budgetUs: number): number => (budgetUs > 0 ? us - budgetUs : Number.NEGATIVE_INFINITY);
