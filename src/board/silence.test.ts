import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SilenceProbe } from './silence.js';

describe('the silence probe', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  function bench(drain: () => number) {
    const silent = vi.fn();
    const pending = vi.fn();
    return { probe: new SilenceProbe(1, { drain, silent, pending }), silent, pending };
  }

  it('does not look while the stream is on time', () => {
    const { probe } = bench(() => 0);
    for (let i = 0; i < 100; i++) {
      probe.read(0);
      vi.advanceTimersByTime(1);
    }
    expect(probe.counters.probes).toBe(0);
  });

  it('looks one period and a millisecond after the last read, then every ms', () => {
    const { probe, silent } = bench(() => 0);
    probe.read(0);
    vi.advanceTimersByTime(1);
    expect(silent).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10);
    expect(silent).toHaveBeenCalledTimes(10);
  });

  it('looks more seldom at a board that is gone for long', () => {
    const { probe } = bench(() => 0);
    probe.read(0);
    vi.advanceTimersByTime(10_000);
    expect(probe.counters.probes).toBeGreaterThan(400);
    expect(probe.counters.probes).toBeLessThan(700);
  });

  it('calls nothing silent when bytes were waiting, or when the look says nothing', () => {
    let found = 5;
    const { probe, silent, pending } = bench(() => found);
    probe.read(0);
    vi.advanceTimersByTime(5);
    expect(pending).toHaveBeenCalled();
    found = -1;
    vi.advanceTimersByTime(5);
    expect(silent).not.toHaveBeenCalled();
  });

  it('goes on after bytes that a look found and that came in as a read', () => {
    const looks = [7, 0];
    const { probe, silent } = bench(() => {
      const found = looks.shift() ?? 0;
      if (found > 0) probe.read(0);
      return found;
    });
    probe.read(0);
    vi.advanceTimersByTime(3);
    expect(silent).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(silent).toHaveBeenCalledTimes(1);
  });

  it('is still once stopped, also by the look itself, and starts again with the next read', () => {
    const { probe, silent } = bench(() => {
      if (probe.counters.probes === 1) probe.stop();
      return -1;
    });
    probe.read(0);
    vi.advanceTimersByTime(1000);
    expect(probe.counters.probes).toBe(1);
    probe.read(0);
    vi.advanceTimersByTime(2);
    expect(probe.counters.probes).toBe(2);
    expect(silent).not.toHaveBeenCalled();
    probe.stop();
  });
});
