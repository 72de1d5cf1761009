/**
 * Takes a picture of the dashboard while a bridge runs: `node .ci/screenshot.mjs URL FILE [light|dark] [WIDTHxHEIGHT] [--quiet-moment]`.
 * With `--quiet-moment` it arms the board, changes the set-point, and waits until all is live and nothing is wrong: the
 * picture of the README. Needs Debian's Chromium.
 */
import { chromium } from 'playwright-core';

const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const [url = 'http://127.0.0.1:8080', file = 'docs/dashboard.png', colorScheme = 'light', size = '1280x900'] =
  process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const [width, height] = size.split('x').map(Number);

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const page = await browser.newPage({ viewport: { width, height }, colorScheme });
page.setDefaultTimeout(60_000);
page.on('console', (message) => process.stderr.write(`console: ${message.text()}\n`));
page.on('pageerror', (error) => process.stderr.write(`page: ${error.message}\n`));
await page.goto(url);
if (options.includes('--quiet-moment')) await quietMoment();
else await page.waitForTimeout(11_000);
await page.screenshot({ path: file });
await browser.close();

/** Begins again until it has had ten seconds in which this machine was quiet enough. */
async function quietMoment() {
  const board = await page.locator('.board[data-state=live] h2').textContent();
  const post = async (verb) => (await page.request.post(`${url}/api/boards/${board}/${verb}`)).ok();
  const setpoint = page.getByRole('form', { name: 'setpoint' });
  const turn = async (speed) => {
    await setpoint.getByRole('spinbutton').fill(String(speed));
    await setpoint.getByRole('button').click();
  };
  for (;;) {
    await post('rearm');
    while (!(await post('arm'))) await page.waitForTimeout(200);
    await turn(1000);
    await page.waitForTimeout(6_000);
    await turn(2400);
    await page.waitForTimeout(4_000);
    const isQuiet = await page.getByText('No alarms').isVisible();
    if (isQuiet && (await page.getByTestId('arm').textContent()) === 'ARMED') return;
    await post('disarm');
  }
}
