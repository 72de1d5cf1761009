/** The page of a gateway elsewhere: what the bridge's own page shows, and no button that would do nothing. */
import { chromium } from 'playwright-core';
import { afterEach, describe, expect, test } from 'vitest';
import { Mosquitto } from '../../mqtt/broker.rig.js';
import { BridgeProcess } from '../../system/bridge.rig.js';
import { browserOptions, Dashboard, isChromiumMissing, whyNot } from './dashboard.rig.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe.skipIf(isChromiumMissing)(`a gateway elsewhere in Chromium${whyNot}`, () => {
  test('shows the board live, and says where commands are given', async () => {
    const broker = await Mosquitto.start();
    closers.push(() => broker.stop());
    const start = (command: 'start' | 'gateway', ...more: string[]) => {
      const settings = [`mqtt.url=${broker.url}`, 'http.port=0', ...more];
      const program = BridgeProcess.start({ command, ports: [], args: settings.flatMap((pair) => ['--set', pair]) });
      closers.push(() => program.dispose());
      return program;
    };
    const bridge = start('start', 'mqtt.replicate=true');
    await bridge.streams();
    const gateway = start('gateway');
    await gateway.says(/follows bridge/);
    const browser = await chromium.launch(browserOptions);
    closers.push(() => browser.close());

    const there = await Dashboard.open(browser, await bridge.url());
    await there.shows('live', 'pico');
    expect(await there.page.getByRole('button', { name: 'SAFE' }).count()).toBe(1);

    const here = await Dashboard.open(browser, await gateway.url());
    expect((await here.liveReadings('pico')).map(({ name }) => name)).toEqual(
      (await there.liveReadings('pico')).map(({ name }) => name),
    );
    await here.page.getByText('Read-only: commands are given to the bridge itself').waitFor();
    expect(await here.page.locator('article button').count()).toBe(0);
    expect(await here.page.locator('article form').count()).toBe(0);
    expect(here.complaints).toEqual([]);
  });
});
