/** What can go wrong, how long it takes, and a plan of it for one episode: which kinds, when, alone or on top of each other. */
import type { Absence } from './host-thread.js';

interface KindTraits {
  /** µs, least and most; [0, 0] for an instant. */
  readonly lastsUs: readonly [number, number];
  /** Whether the session, the clock or the process has to recover: then nothing else follows until it has. */
  readonly isHeavy?: true;
  readonly where: 'line' | 'board' | 'host' | 'consumer';
}

const ms = 1000;
const burst: readonly [number, number] = [13 * ms, 80 * ms];

const faultKinds = {
  flip: { where: 'line', lastsUs: [0, 0] },
  drop: { where: 'line', lastsUs: [0, 0] },
  insert: { where: 'line', lastsUs: [0, 0] },
  duplicate: { where: 'line', lastsUs: [0, 0] },
  reorder: { where: 'line', lastsUs: [0, 0] },
  foreign: { where: 'line', lastsUs: [0, 0] },
  'noise to board': { where: 'line', lastsUs: [0, 0] },
  delay: { where: 'line', lastsUs: burst },
  burst: { where: 'line', lastsUs: [1 * ms, 20 * ms] },
  'wrong baud': { where: 'line', lastsUs: [100 * ms, 1500 * ms], isHeavy: true },
  'dead to host': { where: 'line', lastsUs: [20 * ms, 1500 * ms], isHeavy: true },
  'half open': { where: 'line', lastsUs: [20 * ms, 1500 * ms], isHeavy: true },
  unplug: { where: 'line', lastsUs: [50 * ms, 2000 * ms], isHeavy: true },
  overrun: { where: 'board', lastsUs: [12 * ms, 44 * ms] },
  'hidden overrun': { where: 'board', lastsUs: [13 * ms, 44 * ms] },
  skip: { where: 'board', lastsUs: [2 * ms, 40 * ms] },
  'ring full': { where: 'board', lastsUs: [2 * ms, 40 * ms] },
  'sequence jump': { where: 'board', lastsUs: [0, 0] },
  'sequence back': { where: 'board', lastsUs: [0, 0], isHeavy: true },
  drift: { where: 'board', lastsUs: [0, 0], isHeavy: true },
  leap: { where: 'board', lastsUs: [0, 0], isHeavy: true },
  pause: { where: 'board', lastsUs: [4 * ms, 45 * ms], isHeavy: true },
  reset: { where: 'board', lastsUs: [0, 0], isHeavy: true },
  hang: { where: 'board', lastsUs: [0, 0], isHeavy: true },
  stall: { where: 'host', lastsUs: burst },
  gc: { where: 'host', lastsUs: [5 * ms, 150 * ms] },
  blocked: { where: 'host', lastsUs: burst },
  starved: { where: 'host', lastsUs: burst },
  stop: { where: 'host', lastsUs: [13 * ms, 2500 * ms], isHeavy: true },
  suspend: { where: 'host', lastsUs: [100 * ms, 3000 * ms], isHeavy: true },
  'hung reader': { where: 'host', lastsUs: [20 * ms, 300 * ms], isHeavy: true },
  kill: { where: 'host', lastsUs: [200 * ms, 1500 * ms], isHeavy: true },
  'slow consumer': { where: 'consumer', lastsUs: [100 * ms, 3000 * ms] },
  'gone consumer': { where: 'consumer', lastsUs: [100 * ms, 3000 * ms] },
} as const satisfies Record<string, KindTraits>;
export type FaultKind = keyof typeof faultKinds;
export const allFaultKinds = Object.keys(faultKinds) as FaultKind[];

export const traitsOf = (kind: FaultKind): KindTraits => faultKinds[kind];

export const absenceOf: Readonly<Partial<Record<FaultKind, Absence>>> = {
  stall: 'busy',
  gc: 'busy',
  blocked: 'blocked',
  starved: 'starved',
  stop: 'stopped',
};

export interface PlannedFault {
  readonly kind: FaultKind;
  readonly atUs: number;
  readonly lastsUs: number;
}

/** A subset: about half of the light kinds, and at most three of the heavy ones. */
export function swarm(kinds: readonly FaultKind[], random: () => number): FaultKind[] {
  const chosen = kinds.filter((kind) => traitsOf(kind).isHeavy === undefined && random() < 0.5);
  const heavy = shuffled(
    kinds.filter((kind) => traitsOf(kind).isHeavy),
    random,
  );
  chosen.push(...heavy.slice(0, Math.floor(4 * random())));
  return chosen.length > 0 ? chosen : kinds.slice(0, 1);
}

export function lasting(kind: FaultKind, random: () => number): number {
  const [least, most] = traitsOf(kind).lastsUs;
  return least + (most - least) * random();
}

/** Independent of each other: each kind once in 7 s on average, so that they overlap as it happens. */
export function overlapping(
  kinds: readonly FaultKind[],
  fromUs: number,
  toUs: number,
  random: () => number,
): PlannedFault[] {
  const meanUs = 7e6;
  const planned: PlannedFault[] = [];
  for (const kind of kinds) {
    // Never further apart than 10 s, as promised.
    const next = () => Math.min(9.9e6, -meanUs * Math.log(1 - random()));
    for (let atUs = fromUs + next(); atUs < toUs; atUs += next()) {
      planned.push({ kind, atUs, lastsUs: lasting(kind, random) });
    }
  }
  return planned.sort((a, b) => a.atUs - b.atUs);
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!];
  }
  return mixed;
}
