import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Descriptor } from '../../sdk/index.js';
import { PlainProxy } from '../../sdk/phoenix/plain-proxy.rig.js';
import { lowContrast } from './contrast.rig.js';
import { Dashboard, isChromiumMissing, Stage, whyNot } from './dashboard.rig.js';

describe.skipIf(isChromiumMissing)(`the dashboard in Chromium${whyNot}`, () => {
  let stage: Stage;
  let dashboard: Dashboard;

  beforeAll(async () => {
    stage = await Stage.set();
    dashboard = stage.dashboard;
  });
  afterAll(() => stage?.strike());

  const isReadable = async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await dashboard.page.emulateMedia({ colorScheme });
      expect(await dashboard.page.evaluate(lowContrast), colorScheme).toEqual([]);
    }
  };

  test('shows a board live by itself, with every signal of its descriptor and its unit', async () => {
    const readings = await dashboard.liveReadings();
    const { streams } = (await (await fetch(new URL('api/boards/host', stage.url))).json()).descriptor as Descriptor;
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

  test('values change and plots move', async () => {
    const seen = () =>
      dashboard.page.evaluate(() => ({
        values: [...document.querySelectorAll('.strip .value')].map((element) => element.textContent),
        plots: [...document.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL()),
      }));
    const before = await seen();
    expect(before.plots).toHaveLength(before.values.length);
    const changed = new Set<number>();
    await expect
      .poll(
        async () => {
          const now = await seen();
          for (const [i, plot] of now.plots.entries()) if (plot !== before.plots[i]) changed.add(i);
          return changed.size === before.plots.length && now.values.some((value, i) => value !== before.values[i]);
        },
        { timeout: 30_000 },
      )
      .toBe(true);
  });

  test('the plots stand while they are paused, and the readings go on', async () => {
    const plot = () => dashboard.page.evaluate(() => document.querySelector('canvas')!.toDataURL());
    const readings = () => dashboard.page.locator('.strips').textContent();
    await dashboard.page.getByRole('button', { name: 'Pause plots' }).click();
    await dashboard.page.waitForTimeout(100);
    const [plotBefore, readingsBefore] = [await plot(), await readings()];
    await expect.poll(readings, { timeout: 30_000 }).not.toBe(readingsBefore);
    expect(await plot()).toBe(plotBefore);
    await dashboard.page.getByRole('button', { name: 'Plots paused' }).click();
    await expect.poll(plot, { timeout: 30_000 }).not.toBe(plotBefore);
  });

  test('sends a command of the descriptor, within its limits only', async () => {
    const { page } = dashboard;
    const form = page.getByRole('form', { name: 'setpoint' });
    await form.getByRole('spinbutton').fill('99999');
    await form.getByRole('button', { name: 'Set' }).click();
    expect(await form.getByRole('spinbutton').evaluate((input: HTMLInputElement) => input.validity.rangeOverflow)).toBe(
      true,
    );
    expect(await dashboard.testId('answer').textContent()).toBe('');
    await form.getByRole('spinbutton').fill('1234');
    await form.getByRole('button', { name: 'Set' }).click();
    await dashboard.testId('answer').getByText('the board has done setpoint').waitFor();
    await dashboard.testId('signal-control-setpoint').getByText('1234').waitFor();
  });

  test('a trip is unmistakable, keeps the values, and ends by two clicks that are no double click', async () => {
    const { page } = dashboard;
    expect(await stage.post('api/boards/host/safe')).toBe(200);
    await dashboard.testId('arm').getByText('TRIPPED').waitFor();
    await dashboard.testId('alarms').getByText('hostSafe').waitFor();
    expect((await dashboard.liveReadings()).every(({ value }) => /\d/.test(value))).toBe(true);
    await isReadable();
    await page.getByRole('button', { name: 'Re-arm' }).dblclick();
    await page.getByRole('button', { name: 'Re-arm now?' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await dashboard.testId('arm').textContent()).toBe('TRIPPED');
    await dashboard.clickTwice('Re-arm');
    await dashboard.testId('arm').getByText('DISARMED').waitFor();
  });

  test('says why a board is not armed', async () => {
    stage.board.child.kill('SIGSTOP');
    try {
      await dashboard.shows('stale');
      await dashboard.clickTwice('Arm');
      await dashboard
        .testId('answer')
        .getByText(/^arm: .{10}/)
        .waitFor();
      expect(await dashboard.testId('arm').textContent()).toBe('DISARMED');
      await isReadable();
    } finally {
      stage.board.child.kill('SIGCONT');
    }
    await dashboard.shows('live');
  });

  test('does not say that there is no board before the bridge has told', async () => {
    const page = await stage.browser.newPage();
    let tell = () => {};
    const mayTell = new Promise<void>((resolve) => {
      tell = resolve;
    });
    await page.routeWebSocket(/socket\/websocket/, (client) => {
      const server = client.connectToServer();
      server.onMessage((message) => void mayTell.then(() => client.send(message)));
    });
    await page.route(/socket\/events/, (route) => route.abort());
    await page.goto(stage.url);
    await page.getByTestId('connection').getByText('connected', { exact: true }).waitFor();
    await page.getByText("Waiting for the bridge's list of boards").waitFor();
    expect(await page.getByText('No board yet').count()).toBe(0);
    tell();
    await page.locator('[data-testid=board-host][data-state=live]').waitFor();
    expect(await page.getByText('Waiting for').count()).toBe(0);
    await page.close();
  });

  test('where no WebSocket passes, it is live all the same, takes commands and notices the end', async () => {
    const proxy = await PlainProxy.before(Number(new URL(stage.url).port));
    const behind = await Dashboard.open(stage.browser, proxy.url);
    for (const { live, isStruck } of await behind.liveReadings())
      expect({ live, isStruck }).toEqual({ live: true, isStruck: false });
    const form = behind.page.getByRole('form', { name: 'setpoint' });
    await form.getByRole('spinbutton').fill('1111');
    await form.getByRole('button', { name: 'Set' }).click();
    await behind.testId('answer').getByText('the board has done setpoint').waitFor();
    await behind.testId('signal-control-setpoint').getByText('1111').waitFor();
    proxy.close();
    await behind.testId('connection').getByText('DISCONNECTED').waitFor();
    await expect.poll(() => behind.page.locator('.strip[data-live=true]').count(), { timeout: 30_000 }).toBe(0);
    await behind.page.close();
  });

  test('all of its text is readable, light and dark', isReadable);

  test('no error of a script, and none of the content security policy', () => {
    expect(dashboard.complaints).toEqual([]);
  });
});
