import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Trace } from './trace.js';
import { VirtualRig } from './virtual-rig.js';

const never = (reason: string): never => {
  throw new Error(reason);
};
const picoRig = () =>
  new VirtualRig({
    board: 'pico',
    seed: 1,
    hasOutlets: false,
    trace: (nowUs) =>
      new Trace({ nowUs, isRealTime: false, inconclusive: never, refuse: never, marginal: () => {}, replay: '' }),
  });
/** Of the sample firmware: high while the job runs. */
const MARKER = 15;

describe('a rig that was closed', () => {
  it.each(['pass', 'until'] as const)('lets a test that timed out in %s() go no further', async (step) => {
    const rig = picoRig();
    const left = step === 'pass' ? rig.pass(3_600_000) : rig.until('it rains', () => false, 3_600_000);
    const ended = left.then(
      () => 'ended',
      (error: unknown) => String(error),
    );
    await sleep(20);
    await rig.close();
    const closedUs = rig.nowUs();
    expect(await ended).toMatch(step === 'pass' ? /^ended$/ : /it rains: the test has ended/);
    await sleep(20);
    expect(rig.nowUs()).toBe(closedUs);
    await expect(rig.pass(1)).rejects.toThrow('1 ms cannot pass: the test has ended');
    await expect(rig.until('it rains', () => true, 1)).rejects.toThrow('it rains: the test has ended');
  });
});

describe('a listener at a pin', () => {
  it('hears the board that has come in place of another one, and not the one that is gone', async () => {
    const rig = picoRig();
    const edges: number[] = [];
    const stop = rig.io.onChange(MARKER, (_, atUs) => edges.push(atUs));
    await rig.pass(100);
    expect(edges.length).toBeGreaterThan(10);
    await rig.faults.swap();
    edges.length = 0;
    const swappedUs = rig.nowUs();
    await rig.pass(100);
    expect(edges.length).toBeGreaterThan(10);
    expect(Math.min(...edges)).toBeGreaterThanOrEqual(swappedUs);
    stop();
    edges.length = 0;
    await rig.pass(100);
    expect(edges).toEqual([]);
    await rig.close();
  });
});
