import { describe, expect, it } from 'vitest';
import { Trace } from './trace.js';

const drawn = (trace: Trace) => trace.y.filter((value) => value !== null);

describe('trace', () => {
  it('keeps the lowest and the highest value of a column, so that a spike of one frame stays visible', () => {
    const trace = new Trace(10, 10);
    for (let i = 0; i < 1000; i++) trace.add(100 + i / 1000, i === 500 ? 99 : 1);
    trace.render(101);
    expect(drawn(trace)).toEqual([1, 99]);
  });

  it('draws nothing where nothing came', () => {
    const trace = new Trace(10, 10);
    trace.add(100.5, 1);
    trace.add(103.5, 2);
    trace.render(104.5);
    expect(trace.y.slice(10, 20)).toEqual([1, 1, null, null, null, null, 2, 2, null, null]);
  });

  it('draws nothing for a frame without a value, and all others of its column', () => {
    const trace = new Trace(10, 10);
    for (const [at, value] of [
      [100.1, Number.NaN],
      [100.5, 7],
      [101.5, Number.NaN],
      [102.5, 8],
    ] as const)
      trace.add(at, value);
    trace.render(102.9);
    expect(trace.y.slice(14)).toEqual([7, 7, null, null, 8, 8]);
  });

  it('draws the line of a slow stream on between its frames, and a gap where frames are missing', () => {
    const trace = new Trace(10, 10, 2.5);
    for (const at of [100.5, 102.5, 106.5, 107.5]) trace.add(at, 1);
    trace.render(109.5);
    expect(trace.y.filter((_, i) => i % 2 === 0)).toEqual([1, undefined, 1, null, null, null, 1, 1, null, null]);
  });

  it('forgets what is older than the window', () => {
    const trace = new Trace(10, 10);
    trace.add(100.5, 1);
    trace.render(115);
    expect(drawn(trace)).toEqual([]);
  });

  it('ignores a frame older than what its place already holds', () => {
    const trace = new Trace(10, 10);
    trace.add(110.5, 5);
    trace.add(100.5, 1);
    trace.render(111);
    expect(drawn(trace)).toEqual([5, 5]);
  });

  it('begins anew when the clock was set back by more than the window', () => {
    const trace = new Trace(10, 10);
    for (let at = 5000.5; at < 5020; at++) trace.add(at, 1);
    for (let at = 1400.5; at < 1403; at++) trace.add(at, 2);
    expect(trace.newestSeconds).toBe(1402.5);
    trace.render(1403);
    expect(drawn(trace)).toEqual([2, 2, 2, 2, 2, 2]);
  });
});
