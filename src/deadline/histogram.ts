/** Counts of durations in buckets that grow with them: eight to an octave, so a percentile is right to 12.5 %. */
const BUCKETS_PER_OCTAVE = 8;
const OCTAVES = 26; // 8 µs to 2^28 µs, and the first 8
/** What is longer counts as this. */
export const LONGEST_US = 2 ** (OCTAVES + 2) - 1;

export class DurationHistogram {
  count = 0;
  readonly #buckets = new Float64Array(BUCKETS_PER_OCTAVE * OCTAVES);

  /** @param us 0 or more; beyond 2^28 µs it counts as that */
  record(us: number): void {
    this.#buckets[bucketOf(us)]!++;
    this.count++;
  }

  /** Upper edge of the bucket that holds the percentile (0..1), µs; NaN when nothing was recorded. */
  percentile(fraction: number): number {
    if (this.count === 0) return Number.NaN;
    let left = Math.ceil(fraction * this.count);
    for (let i = 0; i < this.#buckets.length; i++) {
      left -= this.#buckets[i]!;
      if (left <= 0) return upperEdgeUs(i);
    }
    return upperEdgeUs(this.#buckets.length - 1);
  }

  clear(): void {
    this.#buckets.fill(0);
    this.count = 0;
  }
}

/** Below 8 µs a bucket is 1 µs wide; above, the three bits after the leading one choose it. */
function bucketOf(us: number): number {
  const whole = us < LONGEST_US ? us | 0 : LONGEST_US;
  if (whole < BUCKETS_PER_OCTAVE) return whole;
  const octave = 28 - Math.clz32(whole); // 8..15 -> 0
  return BUCKETS_PER_OCTAVE * (octave + 1) + ((whole >> octave) - BUCKETS_PER_OCTAVE);
}

function upperEdgeUs(bucket: number): number {
  if (bucket < BUCKETS_PER_OCTAVE) return bucket + 1;
  const octave = Math.floor(bucket / BUCKETS_PER_OCTAVE) - 1;
  return (BUCKETS_PER_OCTAVE + (bucket % BUCKETS_PER_OCTAVE) + 1) * 2 ** octave;
}
