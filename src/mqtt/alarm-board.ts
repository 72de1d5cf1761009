/**
 * The alarms that the MQTT outlet raises: each is said when it begins and when it ends, not in between. The worker that
 * raised one may be gone when it ends, so what stands is what the bridge last said.
 */
import type { FromOutlet, TextEvent } from '../outlet.js';
import type { MqttMetrics } from './metrics.js';

/** An alarm about something that happens at instants ends when it has not happened for so long. */
const QUIET_US = 60e6;

interface LossAlarm {
  readonly id: string;
  readonly count: (metrics: MqttMetrics) => number;
  readonly text: (count: number) => string;
}

const losses: readonly LossAlarm[] = [
  {
    id: 'mqtt-outbox-full',
    count: ({ dropped, oversized }) => dropped.event - oversized.event,
    text: (count) =>
      `the MQTT broker was away or slow for too long: the ${count} oldest misses were dropped unpublished`,
  },
  {
    id: 'mqtt-slow-broker',
    count: ({ dropped, oversized }) => dropped.frames - oversized.frames,
    text: (count) => `the MQTT broker is away or does not keep up: ${count} batches of frames were dropped`,
  },
  {
    id: 'mqtt-rejected',
    count: (metrics) => metrics.rejected + metrics.oversizedAll,
    text: (count) => `the MQTT broker refused ${count} messages: check its access list, quotas and maximum packet size`,
  },
  {
    id: 'mqtt-feed-unsent',
    count: (metrics) => metrics.lostShipmentSlots,
    text: (count) =>
      `the MQTT broker was away or slow for longer than the ring remembers: gateways elsewhere miss ${count} slots`,
  },
  {
    id: 'mqtt-feed-lost',
    count: (metrics) => metrics.lostSlots,
    text: (count) => `the MQTT outlet fell more than a ring behind: ${count} slots were lost to it`,
  },
];

const SECOND_BRIDGE = 'mqtt-second-bridge';
const TAKEN_OVER = 'mqtt-taken-over';

/** An alarm that stands: when what it is about last happened, host monotonic, and what there is to say of it. */
interface Standing {
  sinceUs: number;
  text: string;
}

export class AlarmBoard {
  private readonly standing = new Map<string, Standing>();
  /** Of what each loss alarm is about: how much this worker has told. */
  private readonly told = new Map<string, number>();

  constructor(private readonly post: (message: FromOutlet) => void) {}

  /** What the bridge says of an alarm: at the start what an earlier worker left, later our own words, too. */
  heard({ board, id, active, text }: Extract<TextEvent, { type: 'alarm' }>, nowUs: number): void {
    const isOurs = id === SECOND_BRIDGE || id === TAKEN_OVER || losses.some((loss) => loss.id === id);
    if (board !== null || !isOurs) return;
    if (!active) this.standing.delete(id);
    else if (!this.standing.has(id)) this.standing.set(id, { sinceUs: nowUs, text });
  }

  /** Call about once a second. */
  losses(metrics: MqttMetrics, nowUs: number): void {
    for (const { id, count, text } of losses) {
      const now = count(metrics);
      if (now === (this.told.get(id) ?? 0)) continue;
      this.told.set(id, now);
      this.happened(id, text(now), nowUs);
    }
    for (const [id, { sinceUs, text }] of this.standing) {
      if (id === TAKEN_OVER || nowUs - sinceUs < QUIET_US) continue;
      this.ended(id, id === SECOND_BRIDGE ? 'no other bridge was heard for a while' : text);
    }
  }

  takenOver(text: string, nowUs: number): void {
    this.happened(TAKEN_OVER, `${text}; publishing has stopped until the bridge is restarted`, nowUs);
  }

  /** There is a session: if one was taken over, it was that of an earlier worker. */
  connected(): void {
    if (this.standing.has(TAKEN_OVER)) this.ended(TAKEN_OVER, 'the outlet is connected again');
  }

  /** Another bridge announced itself under the same topics. */
  secondBridge(nowUs: number): void {
    const text =
      'another bridge publishes under tautline/ on this broker: their states overwrite each other; give each its own broker';
    this.happened(SECOND_BRIDGE, text, nowUs);
  }

  private happened(id: string, text: string, nowUs: number): void {
    const stands = this.standing.has(id);
    this.standing.set(id, { sinceUs: nowUs, text });
    if (!stands) this.post({ type: 'alarm', id, active: true, text });
  }

  private ended(id: string, text: string): void {
    this.standing.delete(id);
    this.post({ type: 'alarm', id, active: false, text });
  }
}
