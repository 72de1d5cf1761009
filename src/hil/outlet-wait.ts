/** Waiting for what an outlet delivers: it comes in the outlet's own time, while the board's goes on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicUs } from '../host-clock.js';
import type { Rig } from './rig.js';
import { timedOut } from './time-out.js';

const WITHIN_MS = 30_000;
/** Virtual time that may pass between two looks: little, so that a test's own times stay about what they were. */
const STEP_MS = 20;
const LOOK_MS = 1;

/** @throws TimedOut that names `what`, after half a minute of real time */
export async function awaitOutlet(rig: Rig, what: string, condition: () => boolean): Promise<void> {
  const fromUs = rig.nowUs();
  const endUs = monotonicUs() + WITHIN_MS * 1e3;
  while (!condition()) {
    if (monotonicUs() > endUs) throw timedOut(rig.trace, `${what}: not within ${WITHIN_MS} ms of real time`, fromUs);
    await rig.pass(STEP_MS);
    await sleep(LOOK_MS);
  }
}
