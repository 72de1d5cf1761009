/** What the outlet counts, as Prometheus names and values. */
import type { MetricValues } from '../outlet.js';

/** Upper bounds in seconds of the latency from judged to out. */
const boundsSeconds = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5];

const paths = ['state', 'frames', 'event', 'retained'] as const;
export type Path = (typeof paths)[number];

export class MqttMetrics {
  readonly published: Record<Path, number> = { state: 0, frames: 0, event: 0, retained: 0 };
  readonly dropped: Record<Path, number> = { state: 0, frames: 0, event: 0, retained: 0 };
  reconnects = 0;
  rejected = 0;
  oversized = 0;
  requests = 0;
  lostSlots = 0;
  /** Frames of streams that no descriptor has named yet. */
  unnamed = 0;
  private readonly buckets = new Float64Array(boundsSeconds.length + 1);
  private sumUs = 0;

  /** From judged to out: written to the socket (QoS 0), or acknowledged by the broker (QoS 1). */
  latency(us: number): void {
    const seconds = us / 1e6;
    let i = 0;
    while (i < boundsSeconds.length && seconds > boundsSeconds[i]!) i++;
    this.buckets[i]!++;
    this.sumUs += us;
  }

  values(outboxDepth: number, connected: boolean): MetricValues {
    const values: Record<string, number> = {
      tautline_outbox_depth: outboxDepth,
      tautline_mqtt_connected: connected ? 1 : 0,
      tautline_mqtt_reconnects_total: this.reconnects,
      tautline_mqtt_rejected_total: this.rejected,
      tautline_mqtt_oversized_total: this.oversized,
      tautline_mqtt_requests_ignored_total: this.requests,
      tautline_mqtt_unnamed_frames_total: this.unnamed,
      'tautline_feed_lost_total{outlet="mqtt"}': this.lostSlots,
    };
    for (const path of paths) {
      values[`tautline_mqtt_publishes_total{path="${path}"}`] = this.published[path];
      values[`tautline_mqtt_dropped_total{path="${path}"}`] = this.dropped[path];
    }
    let cumulative = 0;
    for (const [i, bound] of [...boundsSeconds, '+Inf'].entries()) {
      cumulative += this.buckets[i]!;
      values[`tautline_stage_seconds_bucket{stage="outlet",le="${bound}"}`] = cumulative;
    }
    values['tautline_stage_seconds_sum{stage="outlet"}'] = this.sumUs / 1e6;
    values['tautline_stage_seconds_count{stage="outlet"}'] = cumulative;
    return values;
  }
}
