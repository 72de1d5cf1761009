/** The alarms that the MQTT outlet raises: each is said when it begins and when it ends, not in between. */
import type { FromOutlet } from '../outlet.js';
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
    count: (metrics) => metrics.dropped.event,
    text: (count) =>
      `the MQTT broker was away or slow for too long: the ${count} oldest misses were dropped unpublished`,
  },
  {
    id: 'mqtt-slow-broker',
    count: (metrics) => metrics.dropped.frames,
    text: (count) => `the MQTT broker is away or does not keep up: ${count} batches of frames were dropped`,
  },
  {
    id: 'mqtt-rejected',
    count: (metrics) => metrics.rejected + metrics.oversized,
    text: (count) => `the MQTT broker refused ${count} messages: check its access list, quotas and maximum packet size`,
  },
  {
    id: 'mqtt-feed-lost',
    count: (metrics) => metrics.lostSlots,
    text: (count) => `the MQTT outlet fell more than a ring behind: ${count} slots were lost to it`,
  },
];

export class AlarmBoard {
  private readonly seen = new Map<string, { count: number; sinceUs: number; active: boolean }>();
  private second: { untilUs: number } | null = null;

  constructor(private readonly post: (message: FromOutlet) => void) {}

  /** Call about once a second. */
  losses(metrics: MqttMetrics, nowUs: number): void {
    for (const { id, count, text } of losses) {
      const now = count(metrics);
      const seen = this.seen.get(id) ?? { count: 0, sinceUs: nowUs, active: false };
      this.seen.set(id, seen);
      if (now > seen.count) {
        seen.count = now;
        seen.sinceUs = nowUs;
        if (!seen.active) this.say(id, true, text(now));
        seen.active = true;
      } else if (seen.active && nowUs - seen.sinceUs >= QUIET_US) {
        seen.active = false;
        this.say(id, false, text(now));
      }
    }
    if (this.second !== null && nowUs >= this.second.untilUs) {
      this.second = null;
      this.say('mqtt-second-bridge', false, 'no other bridge was heard for a while');
    }
  }

  takenOver(text: string): void {
    this.say('mqtt-taken-over', true, `${text}; publishing has stopped until the bridge is restarted`);
  }

  /** Another bridge announced itself under the same topics. */
  secondBridge(nowUs: number): void {
    if (this.second === null) {
      const text =
        'another bridge publishes under tautline/ on this broker: their states overwrite each other; give each its own broker';
      this.say('mqtt-second-bridge', true, text);
    }
    this.second = { untilUs: nowUs + QUIET_US };
  }

  private say(id: string, active: boolean, text: string): void {
    this.post({ type: 'alarm', id, active, text });
  }
}
