/** Layer 0: the kit itself. */
import { describe, expect, Trace, test } from 'tautline/hil';

describe('in virtual time', () => {
  test.override({ needs: ['virtualTime', 'faults'] });

  test('one seed gives one trace, faults included', async ({ target, seed, trace }) => {
    const run = async (ofSeed: number) => {
      const rig = await target.start({
        firmware: 'release',
        needs: ['faults'],
        seed: ofSeed,
        trace: (nowUs) => new Trace({ ...trace.options, nowUs }),
      });
      await rig.pass(400);
      rig.faults!.flip({ probability: 0.0005 });
      await rig.pass(400);
      await rig.unplug(50);
      await rig.pass(400);
      await rig.close();
      expect(rig.trace.frames.length).toBeGreaterThan(300);
      return rig.trace.digest();
    };
    const [first, again, other] = [await run(seed), await run(seed), await run(seed + 1)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});
