/** The promise to operators: what is stale is never shown as live, whatever has failed. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Dashboard, isChromiumMissing, Stage, whyNot } from './dashboard.rig.js';

/** The quickest way to a page no page can know. Milliseconds, more on a busy machine; what was held up is seconds old. */
const QUICKEST_US = 200_000;

describe.skipIf(isChromiumMissing)(`stale values in Chromium${whyNot}`, () => {
  let stage: Stage;
  let dashboard: Dashboard;

  beforeAll(async () => {
    stage = await Stage.set();
    dashboard = stage.dashboard;
  });
  afterAll(() => stage?.strike());

  beforeEach(async () => {
    await dashboard.shows('live');
    await dashboard.recording();
  });
  /** In each test: frames were painted with live values, and none of these was older than its lifespan at that frame. */
  afterEach(async () => {
    await dashboard.shows('live');
    const { liveFrames, worstOverLifespanUs, worstWithWayUs, worst } = await dashboard.recording();
    expect(liveFrames).toBeGreaterThan(0);
    expect(worstOverLifespanUs, worst).toBeLessThanOrEqual(0);
    expect(worstWithWayUs).toBeLessThanOrEqual(QUICKEST_US);
    expect(dashboard.complaints).toEqual([]);
  });

  const everyReadingIsMarked = async () => {
    const strips = dashboard.page.locator('.strip');
    const marked = dashboard.page.locator('.strip[data-live=false]').filter({ has: dashboard.page.locator('s') });
    // A busy machine may have been late for once before.
    await vi.waitFor(async () => {
      expect(await marked.count()).toBe(await strips.count());
      expect(await marked.filter({ hasText: /not live, .+ old/ }).count()).toBe(await strips.count());
    }, 30_000);
  };

  test('a board that stops: its values are struck out, with their age', async () => {
    stage.board.child.kill('SIGSTOP');
    try {
      await dashboard
        .testId('condition')
        .getByText(/^STALE \d/)
        .waitFor();
      await everyReadingIsMarked();
    } finally {
      stage.board.child.kill('SIGCONT');
    }
  });

  test('a bridge that stops: stale at once, and said to be silent', async () => {
    stage.bridge.child.kill('SIGSTOP');
    try {
      await dashboard
        .testId('condition')
        .getByText(/^BRIDGE SILENT \d/)
        .waitFor();
      await everyReadingIsMarked();
      expect(await dashboard.testId('arm').locator('s').textContent()).toBe('DISARMED');
    } finally {
      stage.bridge.child.kill('SIGCONT');
    }
  });

  test('a bridge that is killed: DISCONNECTED; the page comes back by itself when the bridge does', async () => {
    await stage.bridge.kill('SIGKILL');
    await dashboard
      .testId('condition')
      .getByText(/^DISCONNECTED/)
      .waitFor();
    await dashboard.testId('connection').getByText('DISCONNECTED').waitFor();
    await everyReadingIsMarked();
    expect(await dashboard.page.getByRole('button', { name: 'SAFE' }).isDisabled()).toBe(true);
    await stage.restartBridge();
  });

  test('a network that stood: what it held up is not painted as live', async () => {
    stage.network.stand();
    try {
      await dashboard
        .testId('condition')
        .getByText(/^BRIDGE SILENT \d/)
        .waitFor();
      await everyReadingIsMarked();
    } finally {
      stage.network.go();
    }
  });

  test('a page that was busy for a second paints nothing old as live afterwards', async () => {
    await dashboard.page.evaluate(() => {
      const untilMs = performance.now() + 1000;
      while (performance.now() < untilMs);
    });
  });
});
