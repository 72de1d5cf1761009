import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClockModel } from './clock.js';
import { DeviceTime } from './device-time.js';
import { lineTiming } from './line-load.js';
import { BAUD, controlContract, sampleFrame, settledMonitor } from './model/stream.js';
import { StreamMonitor } from './monitor.js';
import { verdictCode, verdicts } from './verdict.js';

const OFFSET_US = 9e9;
const START_US = 2 ** 32 - 20_000; // device time wraps after 20 frames
const START_SEQ = 2 ** 32 - 15; //     the sequence after 15

/** Frame n of a stream that released one a millisecond, `ageUs` old when it is complete here. */
function frameOf(n: number, ageUs = 500, changes = {}) {
  const releaseUs = START_US + n * 1000;
  return sampleFrame({
    seq: (START_SEQ + n) % 2 ** 32,
    releaseUs: releaseUs % 2 ** 32,
    arrivalUs: releaseUs + OFFSET_US + ageUs,
    ...changes,
  });
}

function settled() {
  return settledMonitor(START_US, OFFSET_US).monitor;
}

function judgeAt(monitor: StreamMonitor, n: number, ageUs = 500, changes = {}) {
  const frame = frameOf(n, ageUs, changes);
  return monitor.judge(frame, { judgedUs: frame.arrivalUs + 10 });
}

describe('verdicts', () => {
  it.each([
    [500, 'met'],
    [9_800, 'met'],
    [9_965, 'indeterminate'],
    [10_000, 'indeterminate'],
    [10_020, 'indeterminate'],
    [10_300, 'late'],
    [249_000, 'late'],
    [250_300, 'stale'],
  ])('a frame judged %i µs after its release is %s', (ageUs, verdict) => {
    const monitor = settled();
    judgeAt(monitor, 0);
    const judgement = judgeAt(monitor, 1, ageUs);
    expect(verdicts[judgement.verdict]).toBe(verdict);
    expect(judgement.latenessUs).toBeGreaterThan(ageUs - 10_000 - 60);
    expect(judgement.latenessUs).toBeLessThan(ageUs - 10_000 + 80);
  });

  it('is indeterminate while the clock is not settled, and then nothing is live', () => {
    const deviceTime = new DeviceTime();
    deviceTime.anchor(START_US, START_US + OFFSET_US);
    const monitor = new StreamMonitor(controlContract, lineTiming(BAUD), new ClockModel(), deviceTime);
    monitor.restart(1, START_US + OFFSET_US);
    const judgement = judgeAt(monitor, 0, 60_000);
    expect(verdicts[judgement.verdict]).toBe('indeterminate');
    expect(judgement.live).toBe(false);
    expect(monitor.window.size).toBe(0);
  });

  it('unwraps sequence and release', () => {
    const monitor = settled();
    for (let n = 0; n < 40; n++) {
      const judgement = judgeAt(monitor, n);
      expect(judgement.seq).toBe(START_SEQ + n);
      expect(judgement.releaseUs).toBe(START_US + n * 1000);
      expect(judgement.gap.count).toBe(0);
    }
  });
});

describe('gaps', () => {
  it('are one event, with what is known of where the frames went', () => {
    const monitor = settled();
    judgeAt(monitor, 0);
    monitor.corrupt(17, true);
    monitor.corrupt(5, true);
    const { gap, arrivalUs } = judgeAt(monitor, 10, 500, { dropped: 3 });
    expect(gap).toMatchObject({
      count: 9,
      firstSeq: START_SEQ + 1,
      lastSeq: START_SEQ + 9,
      droppedDelta: 3,
      skippedDelta: 0,
      corruptBytes: 22,
      toUs: arrivalUs,
    });
    expect(monitor.counters.verdicts[verdictCode.lost]).toBe(9);
    expect(monitor.counters.verdicts[verdictCode.corrupt]).toBe(2);
    expect(judgeAt(monitor, 11, 500, { dropped: 3 }).gap.count).toBe(0);
  });

  it.each([1, 200, 255, 256, 700])('count %i skipped releases, although the counter has 8 bits', (skips) => {
    const monitor = settled();
    judgeAt(monitor, 0, 500, { skipped: 250 });
    const releaseUs = START_US + (skips + 1) * 1000;
    const frame = frameOf(1, 500, {
      releaseUs: releaseUs % 2 ** 32,
      arrivalUs: releaseUs + OFFSET_US + 500,
      skipped: (250 + skips) & 0xff,
    });
    const { gap } = monitor.judge(frame, { judgedUs: frame.arrivalUs });
    expect(gap).toMatchObject({ count: skips, skippedDelta: skips, firstSeq: START_SEQ + 1, lastSeq: START_SEQ });
  });

  it('lose nothing when the counter jumps further than releases fit in', () => {
    const monitor = settled();
    judgeAt(monitor, 0);
    const { gap } = judgeAt(monitor, 1, 500, { seq: 1_000_000 });
    expect(gap.count).toBe(0);
    expect(monitor.sequenceJumps).toBe(1);
  });
});

describe('silence', () => {
  it('is told once, ends with the gap of the next frame and counts it once', () => {
    const monitor = settled();
    const { arrivalUs } = judgeAt(monitor, 0);
    expect(monitor.silence(arrivalUs + 50_000)).toBe(false);
    expect(monitor.silence(arrivalUs + 50_001)).toBe(true);
    expect(monitor.outage.count).toBeNaN();
    expect(monitor.outage).toMatchObject({ firstSeq: START_SEQ + 1, fromUs: arrivalUs, toUs: arrivalUs + 50_001 });
    expect(monitor.silence(arrivalUs + 60_000)).toBe(false);
    expect(monitor.counters.verdicts[verdictCode.lost]).toBe(0);
    const { gap } = judgeAt(monitor, 10_001);
    expect(gap).toMatchObject({ count: 10_000, wasSilence: true, fromUs: arrivalUs });
    expect(monitor.counters.verdicts[verdictCode.lost]).toBe(10_000);
    expect(monitor.silent).toBe(false);
  });

  it('that lost nothing ends too', () => {
    const monitor = settled();
    const { arrivalUs } = judgeAt(monitor, 0);
    monitor.silence(arrivalUs + 60_000);
    const { gap } = judgeAt(monitor, 1, 70_000);
    expect(gap).toMatchObject({ count: 0, wasSilence: true });
  });

  it('is told of a stream that never started', () => {
    const monitor = settled();
    monitor.restart(2, 5_000_000);
    expect(monitor.silence(5_050_000)).toBe(false);
    expect(monitor.ageAtLeastUs(4_000_000)).toBeNaN();
    expect(monitor.silence(5_050_001)).toBe(true);
    expect(monitor.outage.firstSeq).toBeNaN();
    expect(monitor.ageAtLeastUs(5_060_000)).toBe(60_000);
  });

  it('of 40 minutes leaves frames indeterminate until the board has sent a 64-bit time', () => {
    const { monitor, clock, deviceTime } = settledMonitor(START_US, OFFSET_US);
    judgeAt(monitor, 0);
    const n = 40 * 60_000;
    const waiting = judgeAt(monitor, n);
    expect(verdicts[waiting.verdict]).toBe('indeterminate');
    expect(waiting.releaseUs).toBeNaN();
    expect(waiting.gap.count).toBe(n - 1);
    expect(waiting.live).toBe(false);
    const releaseUs = START_US + n * 1000;
    deviceTime.anchor(releaseUs + 600, releaseUs + OFFSET_US + 700);
    clock.pong(releaseUs + OFFSET_US + 500, releaseUs + 600, releaseUs + 600, releaseUs + OFFSET_US + 700, 0);
    judgeAt(monitor, n + 1);
    const after = judgeAt(monitor, n + 2);
    expect(verdicts[after.verdict]).toBe('met');
    expect(after.releaseUs).toBe(START_US + (n + 2) * 1000);
  });
});

it('knows how old the newest sample is at least, by its arrival when the clock says nothing', () => {
  const { monitor, clock } = settledMonitor(START_US, OFFSET_US);
  const { arrivalUs } = judgeAt(monitor, 0, 8000);
  const ageUs = monitor.ageAtLeastUs(arrivalUs + 10_000);
  expect(ageUs).toBeGreaterThan(17_900);
  expect(ageUs).toBeLessThan(18_000);
  clock.restart();
  expect(monitor.ageAtLeastUs(arrivalUs + 10_000)).toBe(10_000);
});

it('is live exactly until the lifespan has certainly not passed', () => {
  const monitor = settled();
  const judgement = judgeAt(monitor, 0);
  const endUs = judgement.releaseHostUs + 250_000 - judgement.uncertaintyUs;
  expect(judgement.live).toBe(true);
  expect(monitor.live(endUs)).toBe(true);
  expect(monitor.live(endUs + 1)).toBe(false);
});

it('measures jitter of the starts on device time and of the arrivals on the host', () => {
  const monitor = settled();
  judgeAt(monitor, 0, 700, { lateUs: 5 });
  judgeAt(monitor, 1, 700, { lateUs: 155 });
  judgeAt(monitor, 2, 1100, { lateUs: 155 });
  expect(monitor.counters.releaseJitterMaxUs).toBe(150);
  expect(monitor.counters.jitterExceeded).toBe(1);
  const stats = {
    ...{ boot: 0, arrivalJitterP99Us: 0, releaseJitterMaxUs: 0, rateHz: 0, window: 0, windowSize: 0, corruptBytes: 0 },
    ...{ newestSeq: 0, newestReleaseHostUs: 0, worstLatenessUs: 0, judgedUs: 0 },
    verdicts: new Float64Array(verdicts.length),
    culprits: new Float64Array(7),
  };
  monitor.stats(1e12, stats);
  expect(stats.arrivalJitterP99Us).toBeGreaterThanOrEqual(400);
  expect(stats.arrivalJitterP99Us).toBeLessThan(460);
  expect(stats).toMatchObject({
    boot: 0xb007,
    window: 3,
    windowSize: 3,
    newestSeq: START_SEQ + 2,
    releaseJitterMaxUs: 150,
  });
  judgeAt(monitor, 3);
  monitor.stats(1e12 + 500_000, stats);
  expect(stats.rateHz).toBe(2);
});

/** What can happen to the frame of one release. */
const fates = ['arrives', 'lost', 'dropped', 'skipped', 'corrupt', 'repeated', 'late', 'held back'] as const;

it('agrees with a model that remembers everything', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...fates, 'arrives', 'arrives', 'arrives'), { minLength: 5, maxLength: 300 }),
      (course) => {
        const monitor = settled();
        judgeAt(monitor, -1);
        const expected = { met: 1, late: 0, lost: 0, repeated: 0, reordered: 0, corrupt: 0 };
        let seq = START_SEQ; // before the wrap of the wire's 32 bits
        let skipped = 0;
        let dropped = 0;
        let missing = 0; // since the newest frame
        let heldBack: ReturnType<typeof sampleFrame> | null = null;
        for (let n = 0; n < course.length; n++) {
          const fate = course[n]!;
          if (fate === 'skipped') {
            skipped++;
            missing++;
            continue;
          }
          if (fate === 'dropped') dropped++;
          const frame = frameOf(n, fate === 'late' ? 20_000 : 500, {
            seq: seq++ % 2 ** 32,
            skipped: skipped & 0xff,
            dropped: dropped & 0xff,
          });
          if (fate === 'lost' || fate === 'dropped' || fate === 'corrupt' || fate === 'held back') {
            missing++;
            if (fate === 'corrupt') {
              monitor.corrupt(36, true);
              expected.corrupt++;
            }
            if (fate === 'held back' && heldBack === null) heldBack = frame;
            continue;
          }
          const { gap } = monitor.judge(frame, { judgedUs: frame.arrivalUs });
          expect(gap.count).toBe(missing);
          expected.lost += missing;
          missing = 0;
          expected[fate === 'late' ? 'late' : 'met']++;
          if (fate === 'repeated') {
            monitor.judge(frame, { judgedUs: frame.arrivalUs + 100 });
            expected.repeated++;
          }
          if (heldBack !== null) {
            monitor.judge(heldBack, { judgedUs: frame.arrivalUs });
            expected.reordered++;
            heldBack = null;
          }
        }
        for (const [verdict, count] of Object.entries(expected)) {
          expect([verdict, monitor.counters.verdicts[verdictCode[verdict as 'met']]]).toEqual([verdict, count]);
        }
      },
    ),
    { numRuns: 300 },
  );
});
