import { describe, expect, it } from 'vitest';
import { type Finding, hasPeriod, hasRate } from './judge.js';
import { loadTarget } from './targets.js';
import { Trace, type TracedFrame, type TraceWindow } from './trace.js';

const never = (reason: string): never => {
  throw new Error(reason);
};
const options = { nowUs: () => 0, replay: '', marginal: () => {}, inconclusive: never, refuse: never };

/** Of a board of 1 ms whose crystal is off by so much, on a line that delays each frame by something of its own. */
function board(
  offPpm: number,
  { isRealTime = true, seconds = 5, delayUs = (_: number): number => 300, known = false } = {},
) {
  const trace = new Trace({ ...options, isRealTime });
  const frames = Array.from({ length: seconds * 1e3 }, (_, seq) => {
    const releaseHostUs = 7e9 + seq * 1000 * (1 + offPpm / 1e6);
    return {
      ...{ stream: 0, boot: 1, seq, skipped: 0, lateUs: 3, flags: 0, verdict: 'met' },
      releaseUs: seq * 1000,
      releaseHostUs: known ? releaseHostUs : Number.NaN,
      uncertaintyUs: known ? 50 : Number.POSITIVE_INFINITY,
      arrivalUs: releaseHostUs + delayUs(seq),
      judgedUs: releaseHostUs + delayUs(seq),
    } as TracedFrame;
  });
  return { frames, misses: [], healths: [], texts: [], fromUs: 0, toUs: 1e12, trace } satisfies TraceWindow;
}

/** Polls of a USB adapter, a host that reads when it comes to it, and now and then not for 20 ms. */
const noisy = (seq: number) => 200 + ((seq * 617) % 1000) + (seq % 331 < 20 ? 20_000 : 0);
const verdictOf = ({ pass, excuse }: Finding) => (pass ? 'pass' : excuse === undefined ? 'fail' : 'inconclusive');

describe("the rate of a board's clock", () => {
  it('is wrong by 1 % though the board says that it is exact', () => {
    const slow = board(10_000);
    expect(hasPeriod(slow, { us: 1000 }).pass).toBe(true);
    const finding = hasRate(slow, { us: 1000, tolerancePpm: 500 });
    expect(verdictOf(finding)).toBe('fail');
    expect(finding.message()).toMatch(/releases are 1010\.0\d\d us apart, 100\d\d ppm more than 1000 us \(± /);
    expect(verdictOf(hasRate(board(-10_000, { delayUs: noisy }), { us: 1000, tolerancePpm: 500 }))).toBe('fail');
  });

  it('is measured by arrivals to what the window allows, on a noisy line too', () => {
    expect(verdictOf(hasRate(board(80, { delayUs: noisy }), { us: 1000, tolerancePpm: 500 }))).toBe('pass');
    expect(verdictOf(hasRate(board(900, { delayUs: noisy }), { us: 1000, tolerancePpm: 500 }))).toBe('fail');
    expect(verdictOf(hasRate(board(450, { delayUs: noisy }), { us: 1000, tolerancePpm: 500 }))).toBe('inconclusive');
    expect(verdictOf(hasRate(board(80, { delayUs: noisy, seconds: 1 }), { us: 1000, tolerancePpm: 100 }))).toBe(
      'inconclusive',
    );
  });

  it('is measured by the clock model where that is more certain, and agrees with the arrivals', () => {
    expect(verdictOf(hasRate(board(80, { delayUs: noisy, known: true }), { us: 1000, tolerancePpm: 120 }))).toBe(
      'pass',
    );
    const wrong = board(5000, { known: true });
    const lying = wrong.frames.map((frame) => ({ ...frame, releaseHostUs: 7e9 + frame.releaseUs }));
    expect(verdictOf(hasRate({ ...wrong, frames: lying }, { us: 1000, tolerancePpm: 500 }))).toBe('fail');
  });

  it('is too uncertain when the board was late by itself, for as much', () => {
    const late = board(0, { delayUs: (seq) => (seq > 3000 ? 9000 : 300) });
    expect(verdictOf(hasRate(late, { us: 1000, tolerancePpm: 500 }))).toBe('fail');
    late.trace.boardLag = { isTimeless: false, delays: () => 0, behindUs: () => 0, worstUs: () => 9000 };
    expect(verdictOf(hasRate(late, { us: 1000, tolerancePpm: 500 }))).toBe('inconclusive');
  });

  it('counts releases that were lost or left out', () => {
    const whole = board(0);
    const frames = whole.frames.filter(({ seq }) => seq % 7 !== 3);
    expect(verdictOf(hasRate({ ...whole, frames }, { us: 1000, tolerancePpm: 500 }))).toBe('pass');
    const left = whole.frames.map((frame) => ({
      ...frame,
      seq: frame.seq - (frame.seq > 400 ? 3 : 0),
      skipped: frame.seq > 400 ? 3 : 0,
    }));
    expect(verdictOf(hasRate({ ...whole, frames: left }, { us: 1000, tolerancePpm: 500 }))).toBe('pass');
  });

  it('is not judged across a reset, of several streams, or of a handful of frames', () => {
    const whole = board(0);
    const reset = whole.frames.map((frame) => ({ ...frame, boot: frame.seq > 2000 ? 2 : 1 }));
    expect(hasRate({ ...whole, frames: reset }, { us: 1000, tolerancePpm: 500 }).message()).toContain(
      'was reset meanwhile',
    );
    const two = whole.frames.map((frame) => ({ ...frame, stream: frame.seq % 2 }));
    expect(hasRate({ ...whole, frames: two }, { us: 1000, tolerancePpm: 500 }).message()).toContain(
      'toHaveRate({ us: 1000, tolerancePpm: 500, stream: 0 })',
    );
    expect(hasRate(board(0, { seconds: 0.01 }), { us: 1000, tolerancePpm: 500 }).pass).toBe(false);
  });

  it('is exact in virtual time: of the emulated board, 20 ppm slow, and of the same one to a host whose clock is 1 % fast', async () => {
    const target = await loadTarget('pico');
    const trace = (nowUs: () => number) => new Trace({ ...options, nowUs, isRealTime: false });
    const rig = await target.start({ firmware: 'release', seed: 1, needs: [], trace });
    await rig.until('it streams', () => rig.trace.frames.length > 0, 10_000);
    const mark = rig.trace.mark();
    await rig.pass(3000);
    const window = rig.trace.since(mark);
    await rig.close();
    const within = (tolerancePpm: number) => hasRate(window, { us: 1000, tolerancePpm }).pass;
    expect([within(15), within(25)]).toEqual([false, true]);
    const frames = window.frames.map((frame) => ({
      ...frame,
      arrivalUs: frame.arrivalUs * 1.01,
      releaseHostUs: Number.NaN,
    }));
    const slow = hasRate({ ...window, frames }, { us: 1000, tolerancePpm: 500 });
    expect([slow.pass, slow.message()]).toEqual([false, expect.stringContaining('releases are 1010.02')]);
  });
});
