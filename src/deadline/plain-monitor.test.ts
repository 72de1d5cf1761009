import { expect, it } from 'vitest';
import { controlContract } from './model/stream.js';
import { PlainMonitor } from './plain-monitor.js';
import { verdictCode } from './verdict.js';

it('says of plain lines only when they came', () => {
  const monitor = new PlainMonitor(controlContract);
  expect(monitor.live(1e6)).toBe(false);
  const first = monitor.judge(1e6, 1e6 + 10);
  expect(first).toMatchObject({ verdict: verdictCode.unverified, verified: false, culprit: 0, seq: 0, live: true });
  expect(first.releaseHostUs).toBeNaN();
  expect(first.uncertaintyUs).toBe(Number.POSITIVE_INFINITY);
  const late = monitor.judge(1e6 + 15_000, 1e6 + 15_000);
  expect(late.latenessUs).toBe(4000); // a period of 1000 and a deadline of 10,000 after the one before
  expect(monitor.counters.verdicts[verdictCode.unverified]).toBe(2);
});

it('is silent after its lease and stale after its lifespan', () => {
  const monitor = new PlainMonitor(controlContract);
  const isSilent = (nowUs: number) => {
    monitor.silence(nowUs);
    return monitor.silent;
  };
  expect([1e9, 1e9].map(isSilent)).toEqual([false, false]);
  monitor.judge(1e6, 1e6);
  // The first look after a stall of the host proves nothing: what came meanwhile is read behind it.
  expect([50_000, 50_001, 50_002, 60_000].map((us) => isSilent(1e6 + us))).toEqual([false, false, true, true]);
  expect(monitor.live(1e6 + 250_000)).toBe(true);
  expect(monitor.live(1e6 + 250_001)).toBe(false);
  monitor.judge(2e6, 2e6);
  expect(monitor.silent).toBe(false);
});
