/** `HIL_REPLAY=file`: a recording in place of a board. The recorded test runs again, in virtual time, and fails as it did. */
import { resolve } from 'node:path';
import { loadArtefact } from './artefact.js';
import { ReplayRig } from './replay-rig.js';
import type { Target } from './targets.js';

/** @throws Error that says what is wrong with the file */
export function replayTarget(path: string): Target {
  const artefact = loadArtefact(resolve(path));
  let isTaken = false;
  return {
    name: artefact.target,
    isRealTime: artefact.isRealTime,
    capabilities: new Set(artefact.capabilities),
    replays: { path, test: artefact.test, seed: artefact.seed },
    missing: () => null,
    start: async ({ trace }) => {
      if (isTaken) throw new Error(`${path} holds one board, and a test that starts another cannot be replayed`);
      isTaken = true;
      return new ReplayRig(artefact, trace);
    },
    stop: async () => {},
  };
}
