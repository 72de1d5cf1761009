/** Takes the picture of the README: `node .ci/screenshot.mjs URL FILE [dark]` while a bridge runs. Needs Debian's Chromium. */
import { chromium } from 'playwright-core';

const [url = 'http://127.0.0.1:8080', file = 'docs/dashboard.png', scheme = 'light'] = process.argv.slice(2);
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
const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, colorScheme: scheme });
page.on('console', (message) => process.stderr.write(`console: ${message.text()}\n`));
page.on('pageerror', (error) => process.stderr.write(`page: ${error.message}\n`));
await page.goto(url);
await page.waitForTimeout(11_000);
await page.screenshot({ path: file });
await browser.close();
