/** Layer 9: target against target. One firmware on two targets must not drift apart: HIL_TARGET=uno HIL_AGAINST=uno-pty for others. */
import { drift, loadTarget, measureProfile, type ProfileStep, type Tolerances } from 'tautline/hil';
import { describe, expect, test } from 'vitest';

/** A stamp may be one microsecond off on each side: the phase at which the board reads its clock follows the host's bytes. */
const sameChip: Tolerances = { periodPpm: 0, jitterP50Us: 2, firstReleaseUs: 0 };
/** Another port: it keeps the periods, but boots in its own time, and its jobs start when this machine lets them. */
const otherPort: Tolerances = { periodPpm: 0, jitterP50Us: null, firstReleaseUs: null };

/** Of the sample firmware: taken, out of its range, unknown, into the safe state and out of it; and what the board is afterwards. */
const conversation: readonly ProfileStep[] = [
  { name: 'setpoint', values: [1500], state: 'disarmed' },
  { name: 'load', values: [1e6], state: 'disarmed' },
  { name: 'no-such-command', state: 'disarmed' },
  { name: 'rearm', state: 'disarmed' },
  { name: 'safe', state: 'tripped' },
  { name: 'setpoint', values: [1000], state: 'tripped' },
  { name: 'rearm', state: 'disarmed' },
  { name: 'disarm', state: 'disarmed' },
];

const { HIL_TARGET = 'pico', HIL_AGAINST, HIL_REQUIRE, HIL_SEED = '1' } = process.env;
const seed = Number(HIL_SEED);
const chipOf = (name: string): string => name.replace(/-.*/, '');

const pairs: readonly (readonly [string, string])[] =
  HIL_AGAINST === undefined
    ? [
        ['pico', 'host'],
        ['pico', 'pico-pty'],
        ['uno', 'uno-simavr'],
      ]
    : [[HIL_TARGET, HIL_AGAINST]];

describe('two targets', () => {
  for (const [one, other] of pairs) {
    test(`${one} and ${other} keep the same time and give the same answers`, async ({ skip }) => {
      const targets = [await loadTarget(one), await loadTarget(other)] as const;
      const missing = targets.map((target) => target.missing('release')).find((reason) => reason !== null);
      if (missing != null && HIL_REQUIRE === '1') throw new Error(`HIL_REQUIRE=1, and ${missing}`);
      if (missing != null) skip(missing);
      const inconclusive = (reason: string): never => skip(`inconclusive: ${reason}`);
      const first = await measureProfile(targets[0], seed, inconclusive, { conversation });
      const second = await measureProfile(targets[1], seed, inconclusive, { conversation });
      const apart = drift(first, second, chipOf(one) === chipOf(other) ? sameChip : otherPort);
      expect(apart).toEqual([]);
    });
  }
});
