/** The dashboard as an operator has it: the real bridge, a board that is a process, and Debian's Chromium. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { BridgeProcess, hostBoard, Program } from '../../system/bridge.rig.js';
import { record } from './recorder.rig.js';

const EXECUTABLE = '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];

/** Why the tests can't run here, when `npm test` has said that the package is missing. */
export const isChromiumMissing = (process.env.TAUTLINE_MISSING ?? '').split(' ').includes('chromium');

/** The firmware as a process: it can be stopped as no emulator can. */
export async function startBoard(...args: string[]): Promise<{ program: Program; path: string }> {
  const program = new Program(hostBoard, args);
  const path = await new Promise<string>((resolve, reject) => {
    program.child.stdout.on('data', () => {
      const found = /^port (\S+)$/m.exec(program.stdout)?.[1];
      if (found !== undefined) resolve(found);
    });
    program.exit.then(() => reject(new Error(`the board has ended: ${program.stderr}`)));
  });
  return { program, path };
}

export function startBridge(path: string, port = 0): BridgeProcess {
  return BridgeProcess.start({ args: ['--set', `board.path=${path}`, '--set', `http.port=${port}`] });
}

export interface Reading {
  /** Stream and signal. */
  readonly name: string;
  readonly live: boolean;
  readonly value: string;
  readonly unit: string;
  readonly isStruck: boolean;
}

/** A page, and what it has complained about. */
export class Dashboard {
  /** Errors of scripts and of the content security policy. Lost connections are none: browsers print those as well. */
  readonly complaints: string[] = [];

  private constructor(
    private readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/WebSocket connection to|net::ERR_/.test(message.text()))
        this.complaints.push(message.text());
    });
  }

  static async open(browser: Browser, url: string, colorScheme: 'light' | 'dark' = 'light'): Promise<Dashboard> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.addInitScript(record);
    const dashboard = new Dashboard(context, page);
    await page.goto(url);
    return dashboard;
  }

  /** Waits for the state of a board, as the page gives it. */
  async shows(state: string, board = 'host'): Promise<void> {
    await this.page.locator(`[data-testid=board-${board}][data-state=${state}]`).waitFor();
  }

  /** All readings of a board at one moment in which it is live. */
  async liveReadings(board = 'host'): Promise<Reading[]> {
    const found = await this.page.waitForFunction((testId) => {
      const article = document.querySelector(`[data-testid=${testId}][data-state=live]`);
      if (article === null) return null;
      return [...article.querySelectorAll<HTMLElement>('.strip')].map((strip) => ({
        name: strip.ariaLabel ?? '',
        live: strip.dataset.live === 'true',
        value: strip.querySelector('.value')?.textContent ?? '',
        unit: strip.querySelector('.unit')?.textContent ?? '',
        isStruck: strip.querySelector('s') !== null,
      }));
    }, `board-${board}`);
    return (await found.jsonValue())!;
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
}
