/** Layer 0: the kit itself. */
import { createHash } from 'node:crypto';
import { describe, expect, type Target, Trace, type TraceOptions, test } from 'tautline/hil';

/** `HIL_REPEAT=100 npx vitest run hil-tests/0_kit.test.ts` is what docs/hil.md reports. */
const repeats = Number(process.env.HIL_REPEAT ?? 3);
const RUN_MS_MAX = 60_000;

/** Two seconds in which everything happens that a test can do to a board. */
async function eventful(target: Target, seed: number, options: TraceOptions): Promise<Trace> {
  const rig = await target.start({
    firmware: 'release',
    needs: ['faults'],
    seed,
    trace: (nowUs) => new Trace({ ...options, nowUs }),
  });
  const faults = rig.faults!;
  await rig.pass(400);
  faults.flip({ probability: 0.0005 });
  faults.split({ chunks: 20 });
  await rig.pass(300);
  await rig.unplug(50);
  await rig.command('setpoint', [500]);
  faults.clear();
  faults.throttle(30_000);
  await rig.pass(200);
  faults.clear();
  await rig.reset('pin');
  await rig.pass(300);
  await rig.freeze(40);
  faults.baudDrift({ percent: 5, overMs: 100 });
  await rig.pass(200);
  faults.clear();
  await faults.swap();
  faults.clockStep({ clock: 'monotonic', ms: 20 });
  await rig.pass(500);
  await rig.close();
  return rig.trace;
}

/** What the matchers make of it, with all that they print. */
function verdictsOf(trace: Trace): string[] {
  const judgements = [
    () => expect(trace).toHaveNoGaps(),
    () => expect(trace).toHavePeriod({ us: 1000 }),
    () => expect(trace).toMeetDeadline({ us: 10_000 }),
    () => expect(trace).toStayWithinJitter({ p99Us: 20, maxUs: 100 }),
    () => expect(trace).toRecoverWithin(500),
    () => expect(trace).toBlame('link'),
  ];
  return judgements.map((judge) => {
    try {
      judge();
      return 'held';
    } catch (error) {
      return (error as Error).message;
    }
  });
}

describe('in virtual time', () => {
  test.override({ needs: ['virtualTime', 'faults'] });

  test(
    'one seed gives one trace and one set of verdicts, however often; another seed gives another',
    async ({ target, seed, trace }) => {
      const runs: string[] = [];
      for (let i = 0; i < repeats; i++) {
        const run = await eventful(target, seed, trace.options);
        expect(run.frames.length).toBeGreaterThan(300);
        const verdicts = verdictsOf(run);
        expect(verdicts).toContain('held');
        runs.push(`${run.digest()} ${createHash('sha256').update(verdicts.join('\n')).digest('hex')}`);
      }
      expect(new Set(runs).size).toBe(1);
      const other = await eventful(target, seed + 1, trace.options);
      expect(other.digest()).not.toBe(runs[0]!.split(' ')[0]);
    },
    repeats * RUN_MS_MAX,
  );
});
