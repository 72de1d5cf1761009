import { describe, expect, it } from 'vitest';
import { BoardHealth } from './board-health.js';
import { trips } from './disturbance.js';
import type { Rig } from './rig.js';
import { frame, traced } from './testing/disturbed.rig.js';
import type { Trace, TracedHealth } from './trace.js';

describe('a board that is not well', () => {
  /** Its counters have grown by this. */
  const unwell = async (
    trace: Trace,
    grown: Partial<Record<'overruns' | 'receiveErrors' | 'drops', number>>,
    { before = {}, during = () => {} }: { readonly before?: typeof grown; readonly during?: () => void } = {},
  ) => {
    const status = (more: object) => ({ overruns: 0, receiveErrors: 0, drops: 0, ...more });
    const loop = {
      session: { state: 'streaming', counters: { boots: 1 } },
      board: { established: {} },
      decoder: { counters: { corruptFrames: 0, foreignFrames: 0 } },
      status: status({}),
    };
    const news = [status(before), status(grown)];
    const until = async (_: string, condition: () => boolean) => {
      while (!condition()) loop.status = news.shift()!;
    };
    trace.healths.push({ arm: 'disarmed', boot: 1 } as TracedHealth);
    const health = new BoardHealth({ trace, loop, until, nowUs: () => 10e6 } as unknown as Rig);
    await health.begin();
    during();
    if (trips(trace).length > 0) trace.healths.push({ arm: 'tripped', boot: 1 } as TracedHealth);
    return health.complaint();
  };

  it('fails for what is not a matter of time, however busy this machine was', async () => {
    const trace = traced();
    trace.stalled(10e6, 9e6);
    trace.frames.push(frame(9990, { lateUs: 60_000 }));
    expect(await unwell(trace, { receiveErrors: 1 })).toMatchObject({ excuse: null });
    expect(await unwell(traced(), { overruns: 1 })).toMatchObject({ excuse: null });
  });

  it('cannot use what it is given at once, after its emulator was behind for that long', async () => {
    const behind = (worstUs: number) => {
      const trace = traced();
      trace.boardLag = { isTimeless: false, delays: () => 0, behindUs: () => worstUs, worstUs: () => worstUs };
      return trace;
    };
    expect(await unwell(behind(60_000), { receiveErrors: 1 })).toMatchObject({ excuse: expect.any(String) });
    expect(await unwell(behind(40_000), { receiveErrors: 1 })).toMatchObject({ excuse: null });
    expect(await unwell(behind(60_000), { overruns: 1 })).toMatchObject({ excuse: null });
  });

  it("is this machine's when all of it is: a trip that it made", async () => {
    const trace = traced();
    trace.frames.push(frame(9000), frame(9300, { flags: 2 }));
    expect(await unwell(trace, {})).toMatchObject({ excuse: null });
    const busy = traced();
    busy.frames.push(frame(9000), frame(9300, { flags: 2 }));
    busy.stalled(9.29e6, 80_000);
    expect(await unwell(busy, {})).toMatchObject({
      message: expect.stringContaining('1 trips'),
      excuse: expect.any(String),
    });
    busy.healths.length = 0;
    expect(await unwell(busy, { drops: 1 })).toMatchObject({ excuse: null });
  });

  it('is not excused for a trip that no frame tells of', async () => {
    const trace = traced();
    trace.stalled(10e6, 9e6);
    const trip = () => trace.healths.push({ arm: 'tripped', boot: 1 } as TracedHealth);
    expect(await unwell(trace, {}, { during: trip })).toMatchObject({
      message: expect.stringContaining('1 trips'),
      excuse: null,
    });
  });

  it('counts in 16 bits, and is not well again by that', async () => {
    expect(await unwell(traced(), { drops: 1 }, { before: { drops: 65_535 } })).toMatchObject({
      message: expect.stringContaining('2 drops'),
    });
  });

  it('is not well again by a reset: what it had counted before that counts', async () => {
    const trace = traced();
    const told = (boot: number, counts: object) =>
      trace.healths.push({
        arm: 'disarmed',
        deviceOverruns: 0,
        deviceReceiveErrors: 0,
        deviceDrops: 0,
        ...counts,
        boot,
      } as unknown as TracedHealth);
    const during = () => {
      told(1, { deviceDrops: 5 });
      told(1, { deviceDrops: 7, deviceOverruns: 1 });
      told(2, { deviceDrops: 3 });
      told(3, {});
      told(0, { deviceDrops: Number.NaN });
    };
    const unwellness = await unwell(trace, { drops: 1 }, { before: { drops: 5 }, during });
    // 2 until the first reset, 3 until the second, 1 since then.
    expect(unwellness?.message).toContain('1 overruns');
    expect(unwellness?.message).toContain('6 drops');
  });
});
