import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Descriptor } from '../../sdk/index.js';
import type { BridgeProcess, Program } from '../../system/bridge.rig.js';
import { Dashboard, isChromiumMissing, launch, startBoard, startBridge } from './dashboard.rig.js';

const why = isChromiumMissing ? ' (skipped: Debian package chromium is missing)' : '';

describe.skipIf(isChromiumMissing)(`the dashboard in Chromium${why}`, () => {
  let browser: Browser;
  let board: Program;
  let path: string;
  let bridge: BridgeProcess;
  let url: string;
  let dashboard: Dashboard;

  beforeAll(async () => {
    [browser, { program: board, path }] = await Promise.all([launch(), startBoard()]);
    bridge = startBridge(path);
    url = await bridge.url();
    dashboard = await Dashboard.open(browser, url);
  });

  afterAll(async () => {
    await browser?.close();
    await bridge?.dispose();
    await board?.kill();
  });

  test('shows a board live by itself, with every signal of its descriptor and its unit', async () => {
    const readings = await dashboard.liveReadings();
    const { streams } = (await (await fetch(new URL('api/boards/host', url))).json()).descriptor as Descriptor;
    const declared = streams.flatMap(({ name, signals }) =>
      signals.map((signal) => [`${name} ${signal.name}`, signal.unit]),
    );
    expect(declared.length).toBeGreaterThanOrEqual(4);
    expect(readings.map(({ name, unit }) => [name, unit])).toEqual(declared);
    for (const { value, live, isStruck } of readings) {
      expect(value).toMatch(/^-?\d+(\.\d+)?$/);
      expect({ live, isStruck }).toEqual({ live: true, isStruck: false });
    }
  });
});
