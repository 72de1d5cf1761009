/** What the outlet counts, as Prometheus names and values. */
import { STAGE_BOUNDS_US, StageHistogram } from '../delivery/stage-histogram.js';
import type { MetricValues } from '../outlet.js';

const paths = ['state', 'frames', 'feed', 'event', 'retained'] as const;
const none = (): Record<Path, number> => ({ state: 0, frames: 0, feed: 0, event: 0, retained: 0 });
export type Path = (typeof paths)[number];

export class MqttMetrics {
  readonly published = none();
  /** Also those that are oversized. */
  readonly dropped = none();
  /** Longer than the broker takes. */
  readonly oversized = none();
  reconnects = 0;
  rejected = 0;
  requests = 0;
  lostSlots = 0;
  /** Slots of both rings that gateways elsewhere will not get: overwritten before the broker took them. */
  lostShipmentSlots = 0;
  /** Frames of streams that no descriptor has named yet. */
  unnamed = 0;
  /** Judged to handed over: written to the socket (QoS 0), or in the window (QoS 1). And from there to acknowledged by the broker. */
  readonly stages = { outlet: new StageHistogram(), consumer: new StageHistogram() };

  get oversizedAll(): number {
    return paths.reduce((sum, path) => sum + this.oversized[path], 0);
  }

  values(outboxDepth: number, connected: boolean): MetricValues {
    const values: Record<string, number> = {
      tautline_outbox_depth: outboxDepth,
      tautline_mqtt_connected: connected ? 1 : 0,
      tautline_mqtt_reconnects_total: this.reconnects,
      tautline_mqtt_rejected_total: this.rejected,
      tautline_mqtt_oversized_total: this.oversizedAll,
      tautline_mqtt_requests_ignored_total: this.requests,
      tautline_mqtt_unnamed_frames_total: this.unnamed,
      'tautline_feed_lost_total{outlet="mqtt"}': this.lostSlots,
      tautline_mqtt_feed_unsent_slots_total: this.lostShipmentSlots,
    };
    for (const path of paths) {
      values[`tautline_mqtt_publishes_total{path="${path}"}`] = this.published[path];
      values[`tautline_mqtt_dropped_total{path="${path}"}`] = this.dropped[path];
    }
    for (const [stage, { counts, sumUs }] of Object.entries(this.stages)) {
      let cumulative = 0;
      for (const [i, count] of counts.entries()) {
        cumulative += count;
        const bound = i < STAGE_BOUNDS_US.length ? STAGE_BOUNDS_US[i]! / 1e6 : '+Inf';
        values[`tautline_stage_seconds_bucket{stage="${stage}",le="${bound}"}`] = cumulative;
      }
      values[`tautline_stage_seconds_sum{stage="${stage}"}`] = sumUs[0]! / 1e6;
      values[`tautline_stage_seconds_count{stage="${stage}"}`] = cumulative;
    }
    return values;
  }
}
