/** An invariant that does not hold. The run ends with it: what comes after is of no worth. */
export class Violation extends Error {
  constructor(
    readonly invariant: string,
    /** True time since the episode began, µs. */
    readonly atUs: number,
    readonly values: Readonly<Record<string, unknown>>,
    /** The newest faults before it, oldest first. */
    readonly faults: readonly string[] = [],
  ) {
    super(`${invariant} at ${(atUs / 1e6).toFixed(6)} s: ${JSON.stringify(values)}`);
  }
}
