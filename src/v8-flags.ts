/**
 * V8's flags for every process of ours, chosen by measurement (docs/performance.md): no collection of everything some
 * seconds after the start, a young generation so small that collecting it is short, and that by one thread, for the others
 * would have to be woken first. Two threads beside those of ours to compile and mark: each keeps memory of its own.
 * The shebang of cli.ts and package.json repeat them; a test compares.
 */
export const v8Flags = [
  '--no-memory-reducer',
  '--max-semi-space-size=2',
  '--no-parallel-scavenge',
  '--v8-pool-size=2',
] as const;
