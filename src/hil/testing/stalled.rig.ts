/** Tests in real time in which this process stands still; `stalled.integration.test.ts` says what becomes of them. */
import { expect, test } from 'tautline/hil';
import { TimedOut } from '../test-verdict.js';

/** Longer than half the watchdog, and told as noise. */
const STALL_MS = 80;
const standStill = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS);

/** A process of a busy machine is late now and then, and these tests are not about that. */
const noise = ['overruns', 'receiveErrors', 'drops', 'corrupt', 'foreign', 'trips', 'resets'] as const;

/** Without the tests that fail. */
const isFailing = process.env.STALLED_ONLY !== '1';

test.runIf(isFailing)('of another build is another build', async ({ bridge, clock, health }) => {
  health.expect(...noise);
  await bridge.streaming();
  standStill();
  await clock.pass(50);
  expect(bridge.descriptor!.build).toBe('another');
});

test('in time, with a standstill that explains it', async ({ bridge, clock, trace, health }) => {
  health.expect(...noise);
  await bridge.streaming();
  const mark = trace.mark();
  standStill();
  await clock.pass(50);
  clock.timely({ since: mark, ms: 100 }, () => expect('late').toBe('in time'));
});

test.runIf(isFailing)(
  'in time, with a standstill that is too short to explain it',
  async ({ bridge, clock, trace, health }) => {
    health.expect(...noise);
    await bridge.streaming();
    const mark = trace.mark();
    standStill();
    await clock.pass(50);
    clock.timely({ since: mark, ms: 60_000 }, () => expect('late').toBe('in time'));
  },
);

test('of a wait in vain that this machine explains', async ({ bridge, health }) => {
  health.expect(...noise);
  await bridge.streaming();
  throw new TimedOut('another board: not within 30000 ms', 'this process stood still for 20000 ms of 30000');
});
