import { describe, expect, it } from 'vitest';
import { processLag } from './board-lag.js';
import { HilBridge } from './bridge.js';
import { HilClock } from './clock.js';
import { isHeldUp, isMachines, isMachinesTrip, isUpset, standsTripped, trips } from './disturbance.js';
import type { Rig } from './rig.js';
import { frame, Inconclusive, miss, traced } from './testing/disturbed.rig.js';
import { timedOut } from './time-out.js';
import type { Trace, TracedMiss } from './trace.js';

describe('a wait in vain', () => {
  const waited = (stallMs: number, isRealTime = true) => {
    const trace = traced(isRealTime);
    trace.stalled(5e6, stallMs * 1e3);
    return timedOut(trace, 'a board: not within 4000 ms', 2e6).excuse;
  };

  it('is excused when this process stood still for more than half of it, and not below', () => {
    expect(waited(4500)).toBe(null); // from 0.5 s on: of the 8 s that were waited 3 s
    const trace = traced();
    trace.stalled(9e6, 4.5e6);
    expect(timedOut(trace, 'a board: not within 4000 ms', 2e6).excuse).toMatch(/stood still for 4500 ms of 8000/);
    expect(waited(80)).toBe(null);
  });

  it('is excused by a board that was behind for more than half of it, by little at a time', () => {
    const trace = traced();
    const lag = (behindUs: number) => ({
      isTimeless: false,
      delays: () => 0,
      worstUs: () => 9000,
      behindUs: () => behindUs,
    });
    trace.boardLag = lag(5e6);
    expect(isHeldUp(trace, 0, 8e6)).toBe(true);
    trace.boardLag = lag(3e6);
    expect(isHeldUp(trace, 0, 8e6)).toBe(false);
  });

  it('has no excuse in virtual time', () => {
    const trace = traced(false);
    trace.stalled(10e6, 9e6);
    expect(timedOut(trace, 'a board: not within 4000 ms', 2e6).excuse).toBe(null);
  });
});

describe('a trip', () => {
  const tripped = () => {
    const trace = traced();
    trace.frames.push(frame(100), frame(300, { flags: 2 }), frame(301, { flags: 2 }));
    return trace;
  };

  it("is this machine's when it stood still for more than half of the watchdog before it", () => {
    const trace = tripped();
    expect(trips(trace).map(({ arrivalUs }) => arrivalUs)).toEqual([300_000]);
    expect(standsTripped(trace)).toBe(false);
    trace.stalled(280_000, 40_000);
    expect(standsTripped(trace)).toBe(false);
    trace.stalled(200_000, 40_000);
    expect(standsTripped(trace)).toBe(true);
  });

  it("is this machine's when the host tripped it for misses that are", () => {
    const trace = tripped();
    trace.misses.push(miss(290, { culprit: 'firmware' }));
    expect(isMachinesTrip(trace, trips(trace)[0]!)).toBe(false);
    trace.misses.push(miss(291), miss(292));
    expect(isMachinesTrip(trace, trips(trace)[0]!)).toBe(true);
  });

  it('is not when the test froze the host', () => {
    const trace = tripped();
    trace.misses.push(miss(291), miss(292));
    trace.freezes.push({ fromUs: 110_000, toUs: 290_000 });
    expect(standsTripped(trace)).toBe(false);
  });
});

describe('releases that were left out', () => {
  const leftOut = (isProcess: boolean, seqs: Partial<TracedMiss> = { firstSeq: 5, lastSeq: 4 }) => {
    const trace = traced();
    trace.frames.push(frame(100, { skipped: 0 }), frame(106, { skipped: 5 }));
    if (isProcess) trace.boardLag = processLag(trace);
    return isMachines(miss(106, { fromUs: 101e3, isGap: true, count: 5, culprit: 'firmware', ...seqs }), trace);
  };

  it("are this machine's where the firmware is a process of it, and a defect of every other board", () => {
    expect(leftOut(true)).toBe(true);
    expect(leftOut(false)).toBe(false);
    expect(leftOut(true, { firstSeq: 5, lastSeq: 9 })).toBe(false); // frames that were lost
  });
});

describe('a late frame', () => {
  const isExcused = (emulatorLagUs: number, more: Partial<TracedMiss> = {}) =>
    isMachines(miss(100, { culprit: 'link', latenessUs: 10_000, emulatorLagUs, toUs: 115e3, ...more }), traced());

  it("is this machine's when its emulator lagged for more than half of what was too long, and not below", () => {
    expect(isExcused(20)).toBe(false);
    expect(isExcused(5000)).toBe(false);
    expect(isExcused(5001)).toBe(true);
  });

  it("is this machine's where the bridge says so: without that lag it would have met", () => {
    expect(isExcused(20, { culprit: 'indeterminate' })).toBe(true);
  });

  it('is another thing than a gap, which no lag makes', () => {
    expect(isExcused(9000, { isGap: true, latenessUs: Number.NaN, count: 1 })).toBe(false);
  });
});

describe('a command', () => {
  const asked = (trace: Trace, code: string) => {
    const answer = { ok: false, code, detail: 'said so' } as const;
    const rig = { trace, nowUs: () => 10e6, command: async () => answer } as unknown as Rig;
    return new HilBridge(rig).command('setpoint', 1);
  };

  it('that a board refuses is an answer, however busy this machine was', async () => {
    const trace = traced();
    trace.stalled(10e6, 9e6);
    await expect(asked(trace, 'bad-arguments')).resolves.toMatchObject({ code: 'bad-arguments' });
  });

  it('is inconclusive when this machine tripped the board before', async () => {
    const trace = traced();
    trace.frames.push(frame(9000), frame(9300, { flags: 2 }));
    await expect(asked(trace, 'not-ready')).resolves.toMatchObject({ code: 'not-ready' });
    trace.stalled(9.29e6, 80_000);
    await expect(asked(trace, 'not-ready')).rejects.toThrow(Inconclusive);
  });

  it('is inconclusive without an answer in time, where this machine stood still for most of it', async () => {
    const late = async (stallMs: number) => {
      const trace = traced();
      let nowUs = 8.8e6;
      const command = async () => {
        nowUs = 10e6;
        return { ok: false, code: 'no-answer', detail: 'no answer within 1200 ms' } as const;
      };
      trace.stalled(9.9e6, stallMs * 1e3);
      return new HilBridge({ trace, nowUs: () => nowUs, command } as unknown as Rig).command('setpoint', 1);
    };
    await expect(late(500)).resolves.toMatchObject({ code: 'no-answer' });
    await expect(late(700)).rejects.toThrow(Inconclusive);
  });
});

it("arming in vain is excused when this machine's misses leave no room for a thousand frames that meet", async () => {
  const armed = async (misses: readonly TracedMiss[]) => {
    const trace = traced();
    trace.misses.push(...misses);
    let nowUs = 0;
    const answer = { ok: false, code: 'not-ready', detail: '1000 are needed' } as const;
    const pass = async (ms: number) => {
      nowUs += ms * 1e3;
    };
    const rig = { trace, nowUs: () => nowUs, command: async () => answer, pass } as unknown as Rig;
    return new HilBridge(rig).arm(9000).catch((error: unknown) => error);
  };
  const each = [1, 2, 3, 4, 5, 6].map((s) => s * 1e3);
  expect(await armed(each.map((ms) => miss(ms)))).toMatchObject({ name: 'TimedOut', excuse: expect.any(String) });
  expect(await armed(each.map((ms) => miss(ms, { culprit: 'firmware' })))).toMatchObject({ excuse: null });
  expect(await armed(each.slice(0, 3).map((ms) => miss(ms)))).toMatchObject({ excuse: null });
});

describe('what the test says is a matter of time', () => {
  const check = (trace: Trace, isVirtual = false) =>
    new HilClock({ trace, nowUs: () => 10e6 } as unknown as Rig, isVirtual).timely(
      { since: { ...trace.mark(), atUs: 9e6 }, ms: 100 },
      () => expect(1).toBe(2),
    );

  it('is inconclusive after one disturbance of half of what breaks it, and fails otherwise', () => {
    const trace = traced();
    trace.stalled(9.5e6, 40_000);
    trace.stalled(9.7e6, 40_000);
    expect(() => check(trace)).toThrow(/^expected 1 to be 2[^;]*$/);
    trace.stalled(9.9e6, 60_000);
    expect(() => check(trace)).toThrow(Inconclusive);
    expect(() => check(trace, true)).toThrow(/^expected 1 to be 2[^;]*$/);
  });

  it('takes a disturbance before the mark for none', () => {
    const trace = traced();
    trace.stalled(9e6, 500_000);
    expect(isUpset(trace, { fromUs: 9e6, toUs: 10e6, overUs: 100_000 })).toBe(false);
    expect(() => check(trace)).toThrow(/^expected 1 to be 2[^;]*$/);
  });
});
