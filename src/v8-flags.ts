/**
 * V8's flags for every process of ours, chosen by measurement (docs/performance.md): no collection of everything some
 * seconds after the start, a young generation that is hardly ever collected, and then by one thread, for the others would
 * have to be woken first. The shebang of cli.ts and package.json repeat them; a test compares.
 */
export const v8Flags = ['--no-memory-reducer', '--min-semi-space-size=16', '--no-parallel-scavenge'] as const;
