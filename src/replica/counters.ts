import type { MetricValues } from '../outlet.js';
import type { Mirror } from './mirror.js';

/** What a gateway elsewhere counts, over all runs of the bridge that it has followed. */
export class ReplicaCounters {
  runs = 0;
  shipments = 0;
  /** Messages in the place of shipments that are none. */
  unreadable = 0;
  /** Of runs that are over. */
  private malformed = 0;
  private repeated = 0;
  private lostFeed = 0;
  private lostEvents = 0;

  /** A run ends: what its mirror counted stays. */
  keep(mirror: Mirror | undefined): void {
    this.malformed += mirror?.malformed ?? 0;
    this.repeated += mirror?.repeated ?? 0;
    this.lostFeed += mirror?.lost.feed ?? 0;
    this.lostEvents += mirror?.lost.events ?? 0;
  }

  /** @param mirror of the run that is followed now */
  values(mirror: Mirror | undefined, isBridgeUp: boolean): MetricValues {
    return {
      tautline_replica_bridge_up: isBridgeUp ? 1 : 0,
      tautline_replica_runs_total: this.runs,
      tautline_replica_shipments_total: this.shipments,
      tautline_replica_unreadable_total: this.unreadable,
      tautline_replica_malformed_total: this.malformed + (mirror?.malformed ?? 0),
      tautline_replica_repeated_total: this.repeated + (mirror?.repeated ?? 0),
      'tautline_replica_lost_slots_total{ring="feed"}': this.lostFeed + (mirror?.lost.feed ?? 0),
      'tautline_replica_lost_slots_total{ring="events"}': this.lostEvents + (mirror?.lost.events ?? 0),
      tautline_replica_excess_seconds: (mirror?.clock.excessUs ?? 0) / 1e6,
    };
  }
}
