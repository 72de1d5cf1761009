import { describe, expect, it } from 'vitest';
import { drift, measureProfile, type Profile, type ProfileOptions, type Tolerances } from './profile.js';
import { loadTarget, type Target } from './targets.js';

const board: Profile = {
  target: 'one',
  periodUs: 4000,
  worstPeriodUs: 4000,
  jitterP50Us: 36,
  firstReleaseUs: 28_000,
  streams: ['control: speed, setpoint'],
  conversation: ['safe: ok, tripped, hostSafe', 'rearm: ok, disarmed, none'],
};
const strict: Tolerances = { periodPpm: 0, jitterP50Us: 10, firstReleaseUs: 0 };
const against = (changed: Partial<Profile>, tolerances = strict): string[] =>
  drift(board, { ...board, target: 'other', ...changed }, tolerances);

describe('two targets have drifted apart', () => {
  it('not when they are within what is allowed', () => {
    expect(against({ jitterP50Us: 46 })).toEqual([]);
    expect(against({ periodUs: 4000.3, worstPeriodUs: 4000.3 }, { ...strict, periodPpm: 100 })).toEqual([]);
  });

  it.each<[string, Partial<Profile>]>([
    ['period: 4000 us on one, 4120 us on other', { periodUs: 4120 }],
    ['worst period: 4000 us on one, 4001 us on other', { worstPeriodUs: 4001 }],
    ['jitter, median: 36 us on one, 47 us on other', { jitterP50Us: 47 }],
    ['first release after a reset: 28000 us on one, 28001 us on other', { firstReleaseUs: 28_001 }],
    ['period: 4000 us on one, NaN us on other', { periodUs: Number.NaN }],
    ['streams: "control: speed, setpoint" on one, "undefined" on other', { streams: [] }],
    [
      'conversation: "rearm: ok, disarmed, none" on one, "rearm: tripped, tripped, hostSafe" on other',
      { conversation: ['safe: ok, tripped, hostSafe', 'rearm: tripped, tripped, hostSafe'] },
    ],
  ])('when: %s', (sentence, changed) => {
    const found = against(changed);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(sentence);
  });

  it('when the boot of one of them could not be measured, and it was asked for', () => {
    expect(against({ firstReleaseUs: null })[0]).toContain('not measured on other, which has no reset');
    expect(against({ firstReleaseUs: null }, { ...strict, firstReleaseUs: null })).toEqual([]);
  });

  it('but not in a time that one of them does not keep', () => {
    const own = { ...strict, jitterP50Us: null, firstReleaseUs: null };
    expect(against({ jitterP50Us: 3000, firstReleaseUs: 13_000 }, own)).toEqual([]);
  });
});

describe('a profile', () => {
  /** The emulated Pico as somebody's board, and what was done to it. */
  async function measured(options?: ProfileOptions, without: readonly string[] = []) {
    const pico = await loadTarget('pico');
    const done: string[] = [];
    const target: Target = {
      ...pico,
      capabilities: new Set([...pico.capabilities].filter((name) => !without.includes(name))),
      start: async (terms) => {
        const rig = await pico.start(terms);
        const command = rig.command.bind(rig);
        const reset = rig.reset.bind(rig);
        return Object.assign(rig, {
          command: (name: string, values: readonly number[]) => {
            done.push(name);
            return command(name, values);
          },
          reset: (by: 'pin') => {
            done.push('reset');
            return reset(by);
          },
        });
      },
    };
    const inconclusive = (reason: string): never => {
      throw new Error(reason);
    };
    return { profile: await measureProfile(target, 1, inconclusive, options), done };
  }

  it('asks a board for nothing that it may lack', async () => {
    const { profile, done } = await measured(undefined, ['reset']);
    // Those that every armable board has.
    expect(done).toEqual(['rearm', 'safe', 'rearm', 'disarm']);
    expect(profile).toMatchObject({ periodUs: 1000, firstReleaseUs: null });
    expect(profile.conversation).toContain('safe: ok, tripped, hostSafe');
  });

  it('has the conversation that it is given, and the boot where the reset can be pressed', async () => {
    const { profile, done } = await measured({ conversation: [{ name: 'setpoint', values: [900] }] });
    expect(done).toEqual(['reset', 'setpoint']);
    expect(profile.conversation).toEqual(['setpoint 900: ok, disarmed, none']);
    expect(profile.firstReleaseUs).toBeGreaterThan(0);
  });
});
