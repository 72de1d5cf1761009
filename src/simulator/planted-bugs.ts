/**
 * Bugs that can be built into the modelled board or around a part of the bridge. Each must make an invariant fail: that is
 * how it is known that the invariants can fail at all (`planted-bugs.test.ts`).
 */
export const plantedBugs = [
  // of the board
  'no watchdog',
  'arms itself',
  'not latched',
  'stale echo accepted',
  'watchdog counts from arrival',
  'runs expired commands',
  'runs commands twice',
  // of the bridge
  'crc not checked',
  'clock lies',
  'losses not counted',
  'repetition not noticed',
  'always live',
  'blames met frames',
  'never comes back',
  'heartbeats for ever',
  'leaks',
] as const;
export type PlantedBug = (typeof plantedBugs)[number];
