/** What is done to the running bridge, its line and its board; each for a while, alone or two at a time. */
import type { BlameRig } from './rig.js';

export interface Fault {
  readonly name: string;
  /** Frames that it costs are lost, one or two a time, and not late. */
  readonly loses: boolean;
  /** @param us how long it lasts; what loses is not told by time, and takes its size from it */
  readonly strike: (rig: BlameRig, us: number) => void;
}

/** A collection takes about so long for each object that survives it. */
const COLLECTION_US_PER_OBJECT = 0.15;
/** So long lasts a fault that loses so many bytes: a scale for all. */
const BYTES_MAX = 24;
const DURATION_MAX_US = 80_000;

/** A board that holds its main loop up for 50 ms is reset by its watchdog: a fault of another kind. */
const heldUs = (us: number) => Math.round(us / 2);
const bytes = (us: number) => Math.max(1, Math.round((us / DURATION_MAX_US) * BYTES_MAX));

export const faults: readonly Fault[] = [
  { name: 'overrun', loses: false, strike: (rig, us) => rig.command('fault-overrun', heldUs(us)) },
  { name: 'hidden overrun', loses: false, strike: (rig, us) => rig.command('fault-hidden', heldUs(us)) },
  { name: 'bytes delayed', loses: false, strike: (rig, us) => rig.line('delay', us) },
  { name: 'loop busy', loses: false, strike: (rig, us) => rig.tell({ type: 'block', ms: us / 1e3 }) },
  { name: 'blocking call', loses: false, strike: (rig, us) => rig.tell({ type: 'sleep', ms: us / 1e3 }) },
  {
    name: 'heap pressure',
    loses: false,
    strike: (rig, us) => rig.tell({ type: 'heap', objects: Math.round(us / COLLECTION_US_PER_OBJECT) }),
  },
  { name: 'stop signal', loses: false, strike: (rig, us) => void rig.stop(us) },
  { name: 'CPU hogs, nice -15', loses: false, strike: (rig, us) => rig.hog('nice', us) },
  { name: 'CPU hogs, real-time', loses: false, strike: (rig, us) => rig.hog('fifo', us) },
  { name: 'bytes dropped', loses: true, strike: (rig, us) => rig.line('drop', bytes(us)) },
  { name: 'bytes damaged', loses: true, strike: (rig, us) => rig.line('flip', bytes(us)) },
  { name: 'releases skipped', loses: true, strike: (rig, us) => rig.command('fault-skip', bytes(us)) },
];

/** Between this and `DURATION_MAX_US`: shorter ones cost no deadline. */
const DURATION_MIN_US = 13_000;

export const durationUs = (random: () => number): number =>
  Math.round(DURATION_MIN_US + random() * (DURATION_MAX_US - DURATION_MIN_US));
