/** The tests of the tests: each invariant fails when the bug that it is there for is built in, and holds without it. */
import { describe, expect, it } from 'vitest';
import { Episode, type EpisodeOptions } from './episode.js';
import { type PlantedBug, plantedBugs } from './planted-bugs.js';
import { Violation } from './violation.js';

interface Case extends Omit<EpisodeOptions, 'seed' | 'seconds' | 'bug'> {
  readonly invariant: string;
  /** Of an episode in which the board is armed when the fault comes. */
  readonly seed?: number;
  readonly seconds?: number;
}

const cases: Readonly<Record<PlantedBug, Case>> = {
  'no watchdog': { invariant: 'an armed board is safe within its watchdog and a tick', kinds: ['stop'] },
  'arms itself': { invariant: 'nothing arms itself', kinds: ['flip'] },
  'not latched': { invariant: 'a trip stays latched', kinds: ['stall', 'stop'] },
  'watchdog counts from arrival': {
    invariant: 'an armed board is safe within its watchdog and a tick',
    kinds: ['hung reader'],
    class: 'firm',
    seed: 1,
  },
  'runs expired commands': { invariant: 'no command runs after its expiry', kinds: ['half open'], seconds: 180 },
  'runs commands twice': { invariant: 'a command runs once', kinds: ['dead to host'], seconds: 120 },
  'changes frames and their CRC': { invariant: 'no corrupted frame is accepted', kinds: ['flip'] },
  'clock lies': { invariant: 'the truth is within the uncertainty', kinds: ['flip'] },
  'losses not counted': { invariant: 'losses are counted exactly', kinds: ['skip'] },
  'repetition not noticed': { invariant: 'repeated frames are told', kinds: ['duplicate'] },
  'reordering not noticed': { invariant: 'reordered frames are told', kinds: ['reorder'] },
  'counters drift': { invariant: 'frames sent = judged + lost', kinds: ['flip'] },
  'always live': { invariant: 'stale is never live', kinds: ['dead to host'] },
  'blames met frames': { invariant: 'no met frame is blamed', kinds: ['flip'] },
  // Firm: an armed hard board would have to trip before.
  'silence not noticed': { invariant: 'every silence is told', kinds: ['dead to host'], class: 'firm' },
  'never finds back': { invariant: 'the stream comes back after the last fault', kinds: ['reset'] },
  'vouches for what it does not see': {
    invariant: 'an armed board is safe within its watchdog and a tick',
    kinds: ['dead to host'],
    class: 'firm',
    seed: 1,
  },
  'trips for nothing': { invariant: 'no trip without a reason', kinds: ['slow consumer'], overlap: true },
  leaks: { invariant: 'memory is bounded', kinds: ['flip'], seconds: 180, watchesMemory: true },
  'outlet skips a frame': { invariant: 'an outlet knows what it lost', kinds: ['slow consumer'] },
};

function run(bug: PlantedBug, isPlanted: boolean): Violation | null {
  const { invariant: _invariant, seed = 7, seconds = 60, ...options } = cases[bug];
  const base = { overlap: false, watchesMemory: false, encoding: 'binary', ...options } as const;
  try {
    new Episode({ ...base, seed, seconds, isExact: true, ...(isPlanted ? { bug } : {}) }).run();
    return null;
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  }
}

describe.each(plantedBugs)('%s', (bug) => {
  it(`breaks "${cases[bug].invariant}"`, () => {
    expect(run(bug, true)?.invariant).toBe(cases[bug].invariant);
  });

  it('is what breaks it', () => {
    expect(run(bug, false)?.message).toBeUndefined();
  });
});
