/** The fixtures: `test` in place of vitest's own. */
import { test as base } from 'vitest';
import type { BoardHealth } from './board-health.js';
import { HilBridge } from './bridge.js';
import type { Capability } from './capabilities.js';
import { HilClock } from './clock.js';
import { environment } from './environment.js';
import type { LineFaults } from './line-faults.js';
import { Link } from './link.js';
import './matchers.js';
import type { MqttTap } from './mqtt-tap.js';
import type { Io, Rig } from './rig.js';
import type { SocketTap } from './socket-tap.js';
import { type FirmwareKind, loadTarget, refusedTarget, type Target } from './targets.js';
import { TestRun } from './test-run.js';
import type { Trace } from './trace.js';

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
  /** This run of the test: how it begins and ends. Nothing for a test to use. */
  run: TestRun;
  /** Board and bridge together; the fixtures below are its parts. */
  rig: Rig;
  /** Declares what a test provokes: `health.expect('trips')`. */
  health: BoardHealth;
  /** The real bridge. */
  bridge: HilBridge;
  link: Link;
  clock: HilClock;
  /** A subscriber to the bridge's broker; needs `outlets`. */
  mqtt: MqttTap;
  /** A client of the bridge's socket; needs `outlets`. */
  socket: SocketTap;
  /** Damages the line; needs `faults`. */
  faults: LineFaults;
  /** Pins and inputs; needs `io`. */
  io: Io;
  /** What an outlet could see. */
  trace: Trace;
}

export const test = base.extend<HilFixtures>({
  target: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from this pattern
    async ({}, use) => {
      const target = await targetOfThisRun();
      await use(target);
      await target.stop();
    },
    { scope: 'worker' },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: as above; an array would be taken for a fixture with options
  needs: async ({}, use) => use([]),
  firmware: 'release',
  seed: async ({ target }, use) => use(target.replays?.seed ?? (target.refused === undefined ? environment.seed : 0)),
  run: [
    async ({ target, needs, firmware, seed, task, skip }, use) => {
      const run = await TestRun.begin({ target, needs, firmware, seed, task, skip });
      await use(run);
      await run.end();
    },
    { auto: true },
  ],
  rig: async ({ run }, use) => use(run.rig),
  health: async ({ run }, use) => use(run.health),
  bridge: async ({ rig }, use) => use(new HilBridge(rig)),
  link: async ({ rig }, use) => use(new Link(rig)),
  clock: async ({ rig, target }, use) => use(new HilClock(rig, !target.isRealTime)),
  mqtt: async ({ rig, needs }, use) => {
    const tap = await (await import('./mqtt-tap.js')).MqttTap.connect(part(rig, 'outlets', needs, 'mqtt'));
    await use(tap);
    await tap.close();
  },
  socket: async ({ rig, needs }, use) => {
    const tap = await (await import('./socket-tap.js')).SocketTap.connect(part(rig, 'outlets', needs, 'socket'));
    await use(tap);
    await tap.close();
  },
  faults: async ({ rig, needs }, use) => use(part(rig.faults, 'faults', needs)),
  io: async ({ rig, needs }, use) => use(part(rig.io, 'io', needs)),
  trace: async ({ rig }, use) => use(rig.trace),
});

/** Asking for a part that only some targets have, without saying so, would fail on the others. */
function part<Part>(given: Part | null, name: Capability, needs: readonly Capability[], fixture: string = name): Part {
  if (given === null || !needs.includes(name)) {
    throw new Error(`the fixture "${fixture}" is not on every target: say test.override({ needs: ['${name}'] }) first`);
  }
  return given;
}

/** A setting that is wrong is no failure of a test: it is told once, as a board that does not come up is. */
async function targetOfThisRun(): Promise<Target> {
  const { replay, target } = environment;
  try {
    environment.check();
    if (replay === null) return await loadTarget(target);
    return (await import('./target-replay.js')).replayTarget(replay);
  } catch (error) {
    return refusedTarget(replay ?? target, error instanceof Error ? error.message : String(error));
  }
}
