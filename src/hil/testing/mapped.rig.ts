/** Tests of a board of `hil-boards.toml`; `boards/mapped-target.integration.test.ts` runs them in a process of their own. */
import { describe, expect, test } from 'tautline/hil';

/** A process of a busy machine is late now and then, and these tests are not about that. */
const noise = ['overruns', 'receiveErrors', 'drops', 'corrupt', 'foreign', 'trips', 'resets'] as const;

test('runs the release image', async ({ bridge, health }) => {
  health.expect(...noise);
  await bridge.streaming();
  expect(bridge.descriptor?.build).toBe(process.env.DESK_RELEASE);
});

describe('a button', () => {
  test.override({ needs: ['reset'] });

  test('that is pressed makes another boot', async ({ bridge, link, clock, health }) => {
    health.expect(...noise);
    await bridge.streaming();
    const { boot } = link;
    await link.reset();
    await clock.until('another boot', () => link.boot !== boot);
  });
});

describe('a button', () => {
  test.override({ needs: ['reset', 'faults'] });

  test('that is pressed behind a line of ours makes another boot', async ({ bridge, link, clock, health }) => {
    health.expect(...noise);
    await bridge.streaming();
    const { boot } = link;
    await link.reset();
    await clock.until('another boot', () => link.boot !== boot);
  });
});

describe('power', () => {
  test.override({ needs: ['power'] });

  test('that goes and comes makes another boot', async ({ bridge, link, clock, health }) => {
    health.expect(...noise);
    await bridge.streaming();
    const { boot } = link;
    await link.reset('powerOn');
    await clock.until('another boot', () => link.boot !== boot);
  });
});

describe('the test image', () => {
  test.override({ firmware: 'test' });

  test('is there for a test of it', async ({ bridge, health }) => {
    health.expect(...noise);
    await bridge.streaming();
    expect(bridge.descriptor?.build).toBe(process.env.DESK_TEST);
  });
});

describe('the image near its wraps', () => {
  test.override({ firmware: 'wrap' });

  test('is not on this desk', async ({ bridge }) => {
    await bridge.streaming();
  });
});

describe('what is wired around it', () => {
  test.override({ needs: ['feature:loopback'] });

  test('can be needed', async ({ target, health }) => {
    health.expect(...noise);
    expect(target.name).toBe('desk');
  });
});

describe('what is not wired around it', () => {
  test.override({ needs: ['feature:oven'] });

  test('is told', async ({ target }) => {
    expect(target.name).toBe('nothing');
  });
});
