/** The fixtures: `test` in place of vitest's own. */
import { test as base, type TestContext } from 'vitest';
import { BoardHealth } from './board-health.js';
import { HilBridge } from './bridge.js';
import { type Capability, unmet } from './capabilities.js';
import { HilClock } from './clock.js';
import type { LineFaults } from './line-faults.js';
import { Link } from './link.js';
import './matchers.js';
import type { Io, Rig } from './rig.js';
import { type FirmwareKind, loadTarget, type Target } from './targets.js';
import { Trace } from './trace.js';

/** What `test` gives to a test. */
export interface HilFixtures {
  /** What is tested, by `HIL_TARGET`; one for all tests of a worker. */
  target: Target;
  /** What the tests of a file or `describe` need: `test.override({ needs: ['reset'] })`. */
  needs: readonly Capability[];
  /** Which image the board runs: `test.override({ firmware: 'test' })` for fault commands; then it needs `testFirmware`. */
  firmware: FirmwareKind;
  /** Everything random in a test comes from it: `HIL_SEED`, default 1. */
  seed: number;
  /** Board and bridge together; the fixtures below are its parts. */
  rig: Rig;
  /** Declares what a test provokes: `health.expect('trips')`. */
  health: BoardHealth;
  /** The real bridge. */
  bridge: HilBridge;
  link: Link;
  clock: HilClock;
  /** Damages the line; needs `faults`. */
  faults: LineFaults;
  /** Pins and inputs; needs `io`. */
  io: Io;
  /** What an outlet could see. */
  trace: Trace;
}

const environment = {
  target: process.env.HIL_TARGET ?? 'pico',
  seed: Number(process.env.HIL_SEED ?? 1),
  isRequired: process.env.HIL_REQUIRE === '1',
};

export const test = base.extend<HilFixtures>({
  target: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from this pattern
    async ({}, use) => {
      const target = await loadTarget(environment.target);
      await use(target);
      await target.stop();
    },
    { scope: 'worker' },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: as above; an array would be taken for a fixture with options
  needs: async ({}, use) => use([]),
  firmware: 'release',
  seed: environment.seed,
  rig: async ({ target, needs, firmware, seed, task, skip }, use) => {
    const reason = target.missing();
    if (reason !== null && environment.isRequired) throw new Error(`HIL_REQUIRE=1, and ${reason}`);
    skip(reason !== null, reason ?? '');
    const wanted: Capability[] = firmware === 'test' ? [...needs, 'testFirmware'] : [...needs];
    const lack = unmet(target, wanted);
    skip(lack !== null, lack ?? '');
    const rig = await target.start({
      firmware,
      seed,
      needs,
      trace: (nowUs) => newTrace({ task, skip }, target, seed, nowUs),
    });
    try {
      await use(rig);
    } finally {
      await rig.close();
    }
  },
  health: [
    async ({ rig, trace, target, task }, use) => {
      const health = new BoardHealth(rig);
      const excused = (errors: readonly string[]): void => {
        // Neither passed nor failed: on a quiet machine it would have been one or the other.
        if (rig.excuse !== null) trace.options.inconclusive(`${rig.excuse}, and: ${errors.join('; ')}`);
      };
      if (target.isRealTime) {
        await health.begin().catch((error: Error) => {
          excused([error.message]);
          throw error;
        });
      }
      await use(health);
      const errors = task.result?.errors?.map(({ message }) => message) ?? [];
      if (task.result?.state === 'pass') errors.push(...(await health.complaints()));
      if (errors.length === 0) return;
      excused(errors);
      if (task.result?.state === 'pass') throw new Error(errors.join('; '));
    },
    { auto: true },
  ],
  bridge: async ({ rig }, use) => use(new HilBridge(rig)),
  link: async ({ rig }, use) => use(new Link(rig)),
  clock: async ({ rig, target }, use) => use(new HilClock(rig, !target.isRealTime)),
  faults: async ({ rig, needs }, use) => use(part(rig.faults, 'faults', needs)),
  io: async ({ rig, needs }, use) => use(part(rig.io, 'io', needs)),
  trace: async ({ rig }, use) => use(rig.trace),
});

/** Asking for a part that only some targets have, without saying so, would fail on the others. */
function part<Part>(given: Part | null, name: Capability, needs: readonly Capability[]): Part {
  if (given === null || !needs.includes(name)) {
    throw new Error(`the fixture "${name}" is not on every target: say test.override({ needs: ['${name}'] }) first`);
  }
  return given;
}

function newTrace(
  { task, skip }: Pick<TestContext, 'task' | 'skip'>,
  target: Target,
  seed: number,
  nowUs: () => number,
): Trace {
  return new Trace({
    nowUs,
    isRealTime: target.isRealTime,
    inconclusive: (reason) => skip(`inconclusive: ${reason}`),
    refuse: (reason) => skip(reason),
    replay: `HIL_TARGET=${target.name} HIL_SEED=${seed} npm run test:hil -- -t ${JSON.stringify(task.name)}`,
  });
}
