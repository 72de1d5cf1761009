import { describe, expect, it } from 'vitest';
import { seeded } from '../deadline/model/line.js';
import { Episode } from './episode.js';
import { allFaultKinds, overlapping } from './faults.js';
import { usedBytes } from './memory.js';
import { simulate } from './simulate.js';

const MINUTE = 1 / 60;

describe('the simulator', () => {
  it('does the same for the same seed', async () => {
    const [once, again] = [await simulate({ seed: 11, hours: MINUTE }), await simulate({ seed: 11, hours: MINUTE })];
    expect(again).toEqual(once);
    expect(once.frames).toBeGreaterThan(10_000);
    expect(await simulate({ seed: 12, hours: MINUTE })).not.toEqual(once);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('finds nothing with seed %i', async (seed) => {
    const { violations } = await simulate({ seed, hours: 2 * MINUTE });
    expect(violations).toEqual([]);
  });

  it('finds nothing with all kinds of faults at once', () => {
    const episode = new Episode({ seed: 21, seconds: 120, kinds: allFaultKinds, isExact: true, overlap: true });
    const { faults, frames } = episode.run();
    expect(faults).toBeGreaterThan(300);
    expect(frames).toBeGreaterThan(20_000);
  });

  it('blames right whenever it decides, with one fault at a time', async () => {
    const { blame, violations } = await simulate({
      seed: 31,
      hours: 4 * MINUTE,
      kinds: ['delay', 'overrun', 'hidden overrun', 'stall', 'gc', 'blocked', 'starved'],
      isExact: true,
      overlap: false,
    });
    expect(violations).toEqual([]);
    expect(blame.lateFrames).toBeGreaterThan(5000);
    expect(blame.accuracy).toBe(1);
    expect(blame.indeterminate).toBeLessThan(0.02);
    for (const cause of ['delay', 'overrun', 'hidden overrun', 'stall', 'starved']) {
      expect(blame.perCause[cause]?.lateFrames).toBeGreaterThan(100);
    }
  });

  it.each([...['skip', 'ring full', 'leap', 'burst', 'dead to host', 'stop', 'suspend', 'hung reader']] as const)(
    'charges what is lost, and every silence, to who it was: %s',
    async (kind) => {
      const { blame, violations } = await simulate({
        seed: 61,
        hours: 4 * MINUTE,
        kinds: [kind],
        isExact: true,
        overlap: false,
      });
      expect(violations).toEqual([]);
      expect(blame.perCause[kind]?.lateFrames).toBeGreaterThan(300);
      expect(blame.accuracy).toBe(1);
      expect(blame.indeterminate).toBeLessThan(0.02);
    },
  );

  it('tells a silence in time that noise without an end would hide', async () => {
    const { violations } = await simulate({
      seed: 51,
      hours: 2 * MINUTE,
      kinds: ['wrong baud'],
      isExact: true,
      overlap: false,
    });
    expect(violations).toEqual([]);
  });

  it('trips nothing by noise alone', async () => {
    const kinds = ['flip', 'drop', 'insert', 'duplicate', 'reorder', 'noise to board'] as const;
    const { trips, violations } = await simulate({ seed: 41, hours: 4 * MINUTE, kinds, isExact: true, overlap: true });
    expect(violations).toEqual([]);
    expect(trips).toBe(0);
  });

  it('injects each kind at least once in 10 s', () => {
    const planned = overlapping(['flip', 'reset'], 0, 600e6, seeded(1));
    for (const kind of ['flip', 'reset']) {
      const at = planned.filter((fault) => fault.kind === kind).map(({ atUs }) => atUs);
      const gaps = at.map((us, i) => us - (at[i - 1] ?? 0));
      expect(Math.max(...gaps)).toBeLessThan(10e6);
    }
  });

  it('says with which command a violation is replayed', async () => {
    const { violations } = await simulate({
      seed: 7,
      hours: 2 * MINUTE,
      kinds: ['skip'],
      isExact: true,
      overlap: false,
      bug: 'losses not counted',
    });
    expect(violations).toHaveLength(1);
    const [{ replay, seed, atSeconds, faults }] = violations as [(typeof violations)[0]];
    expect(replay).toBe(
      `npm run simulate -- --seed 7 --hours ${(2 * MINUTE * 3600) / 3600} --faults skip --exact --overlap never`,
    );
    expect(seed).toBe(7);
    expect(atSeconds).toBeGreaterThan(6);
    expect(faults.at(-1)).toContain('skip');
  });

  it('holds no episode when it is over', async () => {
    const buffersMiB = async (hours: number): Promise<number> => {
      await simulate({ seed: 81, hours });
      usedBytes(); // collects
      return process.memoryUsage().arrayBuffers / 2 ** 20;
    };
    const few = await buffersMiB(0.1);
    // 4 MiB each, had they been kept.
    expect((await buffersMiB(0.5)) - few).toBeLessThan(8);
  });
});
