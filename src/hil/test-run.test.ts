import type { TestContext } from 'vitest';
import { afterEach, describe, expect, it } from 'vitest';
import { loadTarget, type Target } from './targets.js';
import { TestRun } from './test-run.js';
import { SetupError } from './test-verdict.js';

class Skipped extends Error {}

/** As vitest hands them to a fixture. */
function context(name: string) {
  const task = { name, fullTestName: name, file: { name: 'a.test.ts' }, meta: {}, result: { state: 'run' } };
  const skip = (reason: string | boolean, note?: string) => {
    if (typeof reason === 'string') throw new Skipped(reason);
    if (reason) throw new Skipped(note);
  };
  return { task, skip } as unknown as Pick<TestContext, 'task' | 'skip'>;
}

/** The real one, but for its name and what comes before its start. */
async function planted(name: string, before: (start: number) => void): Promise<Target> {
  const target = await loadTarget('pico');
  let starts = 0;
  return {
    ...target,
    name,
    start: async (options) => {
      before(++starts);
      return target.start(options);
    },
  };
}

const begin = (target: Target, given: Pick<TestContext, 'task' | 'skip'>) =>
  TestRun.begin({ target, needs: [], firmware: 'release', seed: 1, ...given });

describe('the verdict', () => {
  it('is pass for a test that passed on a board that is well', async () => {
    const given = context('passes');
    const run = await begin(await planted('well', () => {}), given);
    await run.rig.pass(100);
    given.task.result!.state = 'pass';
    await run.end();
    expect(given.task.meta.hil).toMatchObject({ verdict: 'pass', unstable: null, artefact: null, target: 'well' });
    expect(given.task.meta.hil!.trace!.bytes.fromBoard).toBeGreaterThan(0);
  });

  it('is marginal when something held by little', async () => {
    const given = context('passes by little');
    const run = await begin(await planted('narrow', () => {}), given);
    run.rig.trace.options.marginal('98 us of 100');
    given.task.result!.state = 'pass';
    await run.end();
    expect(given.task.meta.hil).toMatchObject({ verdict: 'marginal', marginal: ['98 us of 100'] });
  });

  it('is fail for a board that streamed and does not any more, unless the test said so', async () => {
    const end = async (isExpected: boolean) => {
      const given = context(`goes silent, ${isExpected}`);
      const target = await planted('silent', () => {});
      const run = await TestRun.begin({ target, needs: ['faults'], firmware: 'release', seed: 1, ...given });
      await run.rig.until('it streams', () => run.rig.trace.frames.length > 0, 10_000);
      run.rig.faults!.cut('fromBoard');
      await run.rig.pass(2000);
      if (isExpected) run.health.expect('silence');
      given.task.result!.state = 'pass';
      await run.end().catch(() => {});
      return given.task.meta.hil;
    };
    expect(await end(false)).toMatchObject({
      verdict: 'fail',
      reason: expect.stringContaining("health.expect('silence')"),
    });
    expect(await end(true)).toMatchObject({ verdict: 'pass' });
  });

  it('is fail, with a recording, of a trace that is full', async () => {
    const given = context('takes too long');
    const run = await begin(await planted('long', () => {}), given);
    const { rig } = run;
    const { frames } = rig.trace;
    await rig.until('it streams', () => frames.length > 0, 10_000);
    while (frames.length < 1_000_000) frames.push(frames[0]!);
    const full = await rig.pass(100).catch((error: unknown) => error);
    expect(String(full)).toMatch(/the trace holds 1000000 frames, and takes no more: split the test$/);
    Object.assign(given.task.result!, { state: 'fail', errors: [full] });
    await run.end();
    expect(given.task.meta.hil).toMatchObject({ verdict: 'fail', artefact: expect.stringMatching(/\.json\.gz$/) });
    await expect(rig.pass(1)).rejects.toThrow('the test has ended');
  });

  it('is inconclusive when this machine may be to blame, and skipped when the target cannot', async () => {
    const busy = context('busy');
    const run = await begin(await planted('busy', () => {}), busy);
    expect(() => run.rig.trace.options.inconclusive('it lagged')).toThrow(Skipped);
    busy.task.result!.state = 'skip';
    await run.end();
    expect(busy.task.meta.hil).toMatchObject({ verdict: 'inconclusive', reason: 'it lagged' });

    const unable = context('unable');
    const other = await begin(await planted('unable', () => {}), unable);
    expect(() => other.rig.trace.options.refuse('n/a: no')).toThrow(Skipped);
    unable.task.result!.state = 'skip';
    await other.end();
    expect(unable.task.meta.hil).toMatchObject({ verdict: 'skipped', reason: 'n/a: no' });
  });
});

describe('in real time', () => {
  /** On a machine that has stood still. */
  async function busy(name: string): Promise<Target> {
    const target = await planted(name, () => {});
    const start = async (options: Parameters<Target['start']>[0]) => {
      const rig = await target.start(options);
      return Object.defineProperty(rig, 'noise', { value: 'this process stood still for up to 80 ms' });
    };
    return { ...target, isRealTime: true, start };
  }
  const ended = async (name: string, ...errors: readonly object[]) => {
    const given = context(name);
    const run = await begin(await busy(name), given);
    Object.assign(given.task.result!, { state: 'fail', errors });
    await run.end().catch(() => {});
    return given.task.meta.hil!;
  };
  const plain = { name: 'AssertionError', message: 'expected a to be b' };
  const wait = { name: 'TimedOut', message: 'a board: not within 30000 ms', excuse: 'stood still for 20000 ms' };

  it('a plain assertion fails, whatever this machine did meanwhile', async () => {
    expect(await ended('plain', plain)).toMatchObject({
      verdict: 'fail',
      reason: 'expected a to be b',
      noise: 'this process stood still for up to 80 ms',
    });
    expect(await ended('plain and a wait', wait, plain)).toMatchObject({ verdict: 'fail' });
  });

  it('a wait in vain is inconclusive where it brings an excuse, and leaves a recording', async () => {
    expect(await ended('a wait', wait)).toMatchObject({
      verdict: 'inconclusive',
      reason: 'a board: not within 30000 ms; stood still for 20000 ms',
      artefact: expect.stringMatching(/\.json\.gz$/),
    });
    expect(await ended('a wait without', { ...wait, excuse: null })).toMatchObject({ verdict: 'fail' });
  });
});

describe('HIL_REQUIRE=1', () => {
  const host = async (name: string) => ({ ...(await loadTarget('host')), name });
  const options = { firmware: 'slow', seed: 1 } as const;

  afterEach(() => {
    delete process.env.HIL_REQUIRE;
  });

  it('asks for nothing of a target that cannot do what the test needs, whatever image it lacks', async () => {
    process.env.HIL_REQUIRE = '1';
    const given = context('needs virtual time');
    const begun = TestRun.begin({ target: await host('real'), needs: ['virtualTime'], ...options, ...given });
    await expect(begun).rejects.toThrow('needs "virtualTime"');
    expect(given.task.meta.hil).toMatchObject({ verdict: 'skipped' });
  });

  it('makes an error of an image that is not there', async () => {
    process.env.HIL_REQUIRE = '1';
    const given = context('needs an image');
    const begun = TestRun.begin({ target: await host('imageless'), needs: [], ...options, ...given });
    await expect(begun).rejects.toThrow(SetupError);
    expect(given.task.meta.hil).toMatchObject({ verdict: 'set-up error' });
  });
});

describe('a board that does not come up', () => {
  it('is tried once more, and the test told as unstable', async () => {
    const given = context('second try');
    const target = await planted('sleepy', (start) => {
      if (start === 1) throw new Error('no answer');
    });
    const run = await begin(target, given);
    given.task.result!.state = 'pass';
    await run.end();
    expect(given.task.meta.hil).toMatchObject({ verdict: 'pass', unstable: 'no answer' });
  });

  it('is one set-up error, and then a reason to skip', async () => {
    let starts = 0;
    const target = await planted('dead', () => {
      starts++;
      throw new Error('no answer');
    });
    const first = context('first');
    await expect(begin(target, first)).rejects.toThrow(SetupError);
    // Unstable is a board that came up after all.
    expect(first.task.meta.hil).toMatchObject({ verdict: 'set-up error', reason: 'no answer', unstable: null });
    const second = context('second');
    await expect(begin(target, second)).rejects.toThrow('the board is broken: no answer');
    expect(second.task.meta.hil).toMatchObject({ verdict: 'skipped' });
    expect(starts).toBe(2);
  });
});
