import { expect, it } from 'vitest';
import { report } from './failure-report.js';
import { windowOf } from './testing/traced.rig.js';

it('of too many standstills the longest are kept, in their order, and the others counted', () => {
  const window = windowOf([], [], { isRealTime: true });
  const { trace } = window;
  for (let i = 0; i < 10_000; i++) trace.stalled(i * 1e4, 3000 + (i === 7 ? -500 : 0));
  trace.stalled(2e8, 80_000);
  trace.stalled(3e8, 2000);
  expect(trace.stalls).toHaveLength(10_000);
  expect(trace.stalls.at(-1)).toEqual({ atUs: 2e8, us: 80_000 });
  expect(trace.stalls.every(({ us }) => us >= 3000)).toBe(true);
  expect(trace.stallsLeftOut).toBe(2);
  expect(report(window, 'late', -1)).toContain(
    'stood still for more than 2 ms 10000 times, up to 80.0 ms; 2 shorter ones were not kept',
  );
});
