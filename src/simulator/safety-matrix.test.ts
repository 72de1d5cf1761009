/**
 * Whatever keeps the host from looking after an armed board, at whatever moment: its outputs are safe within the watchdog's
 * time and one tick of that moment, and stay so until somebody re-arms. `npm run simulate -- --safety 1000` tries more.
 */
import { describe, expect, it } from 'vitest';
import { PERIOD_US, WATCHDOG_US } from './board.js';
import { hostFailures, timesToSafe } from './safety-matrix.js';

const MOMENTS = 100;

describe.each(Object.keys(hostFailures))('when the host %s', (failure) => {
  it('an armed board is safe within its watchdog and a tick, and stays so', () => {
    const times = timesToSafe(failure, MOMENTS, 1);
    expect(times).toHaveLength(MOMENTS);
    expect(Math.max(...times)).toBeLessThanOrEqual(WATCHDOG_US + PERIOD_US);
  });
});

it('finds a board whose watchdog counts from the arrival of a heartbeat', () => {
  expect(() => timesToSafe('hears nothing any more', 20, 1, 'watchdog counts from arrival')).toThrow(
    'an armed board is safe within its watchdog and a tick',
  );
});
