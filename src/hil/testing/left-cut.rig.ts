/** A test that fails while the line to an armed board is cut, and one after it; `left-cut.integration.test.ts` runs them. */
import { describe, expect, test } from 'tautline/hil';

describe('the first', () => {
  test.override({ needs: ['faults'] });

  test('fails, and mends nothing', async ({ bridge, clock, faults, health }) => {
    health.expect('trips', 'receiveErrors', 'corrupt');
    await bridge.streaming();
    await bridge.arm();
    faults.cut('toBoard');
    await clock.pass(50);
    expect('mended').toBe('cut');
  });
});

test('the next begins with a board that can be armed', async ({ bridge }) => {
  await bridge.streaming();
  await bridge.arm();
});
