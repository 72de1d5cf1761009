/**
 * The host's clocks, stamped at the edges and passed inwards: nothing pure reads a clock.
 *
 * `monotonicUs` is CLOCK_MONOTONIC in microseconds, the same in every thread of the process. It is read through
 * `performance.now()`, which is cheaper than `process.hrtime`, and whose zero differs from thread to thread.
 */
import { performance } from 'node:perf_hooks';

const CALIBRATION_TRIES = 2000;

/** Offset of this thread's performance.now() to CLOCK_MONOTONIC: the try with the shortest round trip (a cold one was 42 us off). */
function calibrateOffsetUs(): number {
  let best = Number.POSITIVE_INFINITY;
  let offsetUs = 0;
  for (let i = 0; i < CALIBRATION_TRIES; i++) {
    const before = performance.now();
    const [seconds, nanoseconds] = process.hrtime();
    const after = performance.now();
    if (after - before >= best) continue;
    best = after - before;
    offsetUs = seconds * 1e6 + nanoseconds / 1e3 - (before + after) * 500;
  }
  return offsetUs;
}

const offsetUs = calibrateOffsetUs();

/** CLOCK_MONOTONIC now, in microseconds. */
export function monotonicUs(): number {
  return performance.now() * 1e3 + offsetUs;
}

/**
 * UTC - monotonic. `Date.now()` knows whole milliseconds only, so each look gives an interval of 1 ms; the intervals of
 * many looks narrow it down to microseconds, and one that they leave means that the wall clock was stepped: follow it.
 */
let utcOffsetUs = Number.NEGATIVE_INFINITY;

function utcOffset(): number {
  const beforeUs = monotonicUs();
  const utcMs = Date.now();
  const lowestUs = utcMs * 1e3 - monotonicUs();
  const highestUs = (utcMs + 1) * 1e3 - beforeUs;
  utcOffsetUs = Math.min(Math.max(utcOffsetUs, lowestUs), highestUs);
  return utcOffsetUs;
}

/** The UTC time of a monotonic instant, in microseconds since 1970, by the wall clock as it is now (it can step: never compute with it). */
export function utcUs(atMonotonicUs: number): number {
  return atMonotonicUs + utcOffset();
}

/** ISO 8601 with microseconds, UTC, as in state messages. */
export function isoMicroseconds(us: number): string {
  const ms = Math.floor(us / 1e3);
  const rest = Math.floor(us - ms * 1e3);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}
