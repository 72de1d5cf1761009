/**
 * The host's clocks, stamped at the edges and passed inwards: nothing pure reads a clock.
 *
 * `monotonicUs` is CLOCK_MONOTONIC in microseconds, the same in every thread of the process. `process.hrtime` with its pair
 * taken apart costs 60 ns and, where it is inlined, no garbage; `performance.now()` 170 ns and 16 bytes (Node 20).
 */

const { hrtime } = process;

/** CLOCK_MONOTONIC now, in microseconds. */
export function monotonicUs(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}

/** `monotonicUs` into an object that is reused: a double that is returned is boxed wherever the call is not inlined. */
function stamp(into: { judgedUs: number }): void {
  const [seconds, nanoseconds] = hrtime();
  into.judgedUs = seconds * 1e6 + nanoseconds / 1e3;
}

/** The same for a chunk that has just come. */
export function stampArrival(into: { arrivalUs: number }): void {
  const [seconds, nanoseconds] = hrtime();
  into.arrivalUs = seconds * 1e6 + nanoseconds / 1e3;
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

/** The clocks of the loop. */
export const hostClock = { nowUs: monotonicUs, utcUs, stamp } as const;
