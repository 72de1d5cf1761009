import { culprits, verdicts } from './verdict.js';

/** Figures of one stream since its session began, as the feed's stats record takes them. Reused by its owner. */
export interface StreamStats {
  boot: number;
  /** One counter for each of `verdicts`. A gap adds its count to `lost`. */
  verdicts: Float64Array;
  /** One counter for each of `culprits`. */
  culprits: Float64Array;
  /** Deviation of the time between arrivals from that between releases, 99th percentile. */
  arrivalJitterP99Us: number;
  /** Largest deviation of the time between two starts of the job from its multiple of the period, on device time. */
  releaseJitterMaxUs: number;
  /** Frames a second since the last stats. */
  rateHz: number;
  /** Frames that met in the (m,k) window, and how many it holds. */
  window: number;
  windowSize: number;
  corruptBytes: number;
  newestSeq: number;
  newestReleaseHostUs: number;
  worstLatenessUs: number;
  judgedUs: number;
}

/** The counters behind `StreamStats`, and what the (m,k) contract says of them. */
export class Counters {
  readonly verdicts = new Float64Array(verdicts.length);
  readonly culprits = new Float64Array(culprits.length);
  corruptBytes = 0;
  /** Releases further off their period than the contract's jitter. */
  jitterExceeded = 0;
  releaseJitterMaxUs = 0;
  worstLatenessUs = Number.NEGATIVE_INFINITY;

  restart(): void {
    this.verdicts.fill(0);
    this.culprits.fill(0);
    this.corruptBytes = 0;
    this.jitterExceeded = 0;
    this.releaseJitterMaxUs = 0;
    this.worstLatenessUs = Number.NEGATIVE_INFINITY;
  }
}
