import { describe, expect, test } from 'vitest';
import { RestartPolicy } from './restart-policy.js';

const limits = { restartsMax: 5, windowMs: 30_000, retryMs: 30_000 };

function failTimes(policy: RestartPolicy, times: number, everyMs: number, fromMs = 0): number[] {
  return Array.from({ length: times }, (_, i) => {
    policy.started(fromMs + i * everyMs);
    return policy.ended(fromMs + i * everyMs + 1);
  });
}

describe('restarts', () => {
  test('are immediate five times in 30 s; the sixth waits, with an alarm', () => {
    const policy = new RestartPolicy(limits);
    expect(failTimes(policy, 5, 1000)).toEqual([0, 0, 0, 0, 0]);
    expect(policy.isAlarmed).toBe(false);
    expect(failTimes(policy, 1, 0, 5000)).toEqual([30_000]);
    expect(policy.isAlarmed).toBe(true);
  });

  test('spread out further are always immediate', () => {
    const policy = new RestartPolicy(limits);
    expect(failTimes(policy, 100, 6001)).toEqual(new Array(100).fill(0));
  });

  test('under an alarm are one every 30 s', () => {
    const policy = new RestartPolicy(limits);
    failTimes(policy, 6, 1);
    expect(failTimes(policy, 3, 20_000, 40_000)).toEqual([30_000, 30_000, 30_000]);
    expect(policy.isAlarmed).toBe(true);
  });

  test('are immediate again after a try that lived 30 s, told once', () => {
    const policy = new RestartPolicy(limits);
    failTimes(policy, 6, 1);
    policy.started(40_000);
    expect(policy.settle(69_999)).toBe(false);
    expect(policy.settle(70_000)).toBe(true);
    expect(policy.settle(70_001)).toBe(false);
    expect(failTimes(policy, 1, 0, 80_000)).toEqual([0]);
  });

  test('do not settle while nothing runs', () => {
    const policy = new RestartPolicy(limits);
    failTimes(policy, 6, 1);
    expect(policy.settle(1e9)).toBe(false);
  });
});
