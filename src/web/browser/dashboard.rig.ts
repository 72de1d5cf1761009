/** The dashboard as an operator has it: the real bridge, a board that is a process, and Debian's Chromium. */
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { BridgeProcess, hostBoard, Program } from '../../system/bridge.rig.js';
import { Network } from './network.rig.js';
import { type Recording, record } from './recorder.rig.js';

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

export const browserOptions = { executablePath: EXECUTABLE, args: ARGUMENTS };

/** Why the tests can't run here, when `npm test` has said that the package is missing. */
export const isChromiumMissing = (process.env.TAUTLINE_MISSING ?? '').split(' ').includes('chromium');
export const whyNot = isChromiumMissing ? ' (skipped: the Debian package chromium is missing)' : '';

/** The firmware as a process: it can be stopped as no emulator can. */
async function startBoard(): Promise<{ program: Program; path: string }> {
  const program = new Program(hostBoard, []);
  const path = await new Promise<string>((resolve, reject) => {
    program.child.stdout.on('data', () => {
      const found = /^port (\S+)$/m.exec(program.stdout)?.[1];
      if (found !== undefined) resolve(found);
    });
    program.exit.then(() => reject(new Error(`the board has ended: ${program.stderr}`)));
  });
  return { program, path };
}

function startBridge(path: string, port = 0): BridgeProcess {
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

  private constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/WebSocket connection to|net::ERR_/.test(message.text()))
        this.complaints.push(message.text());
    });
  }

  static async open(browser: Browser, url: string): Promise<Dashboard> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(30_000);
    await page.addInitScript(record);
    const dashboard = new Dashboard(page);
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

  testId(id: string): Locator {
    return this.page.getByTestId(id);
  }

  /** Select, wait out a double click, operate. */
  async clickTwice(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click();
    await this.page.waitForTimeout(500);
    await this.page.getByRole('button', { name: `${name} now?` }).click();
  }

  /** What the witness in the page has seen since it was asked last. */
  async recording(): Promise<Recording> {
    return this.page.evaluate(() => {
      const { recording } = window;
      const seen = { ...recording };
      const none = Number.NEGATIVE_INFINITY;
      Object.assign(recording, { liveFrames: 0, worstOverLifespanUs: none, worstWithWayUs: none, worst: '' });
      return seen;
    });
  }
}

/** Everything of a run, from the board to the page. */
export class Stage {
  private constructor(
    readonly browser: Browser,
    readonly board: Program,
    private readonly path: string,
    public bridge: BridgeProcess,
    readonly url: string,
    /** Between the bridge and the dashboard. */
    readonly network: Network,
    readonly dashboard: Dashboard,
  ) {}

  static async set(): Promise<Stage> {
    const [browser, { program, path }] = await Promise.all([chromium.launch(browserOptions), startBoard()]);
    const bridge = startBridge(path);
    const url = await bridge.url();
    const network = await Network.before(url);
    return new Stage(browser, program, path, bridge, url, network, await Dashboard.open(browser, network.url));
  }

  /** Another run of the bridge, where the page looks for it. */
  async restartBridge(): Promise<void> {
    await this.bridge.dispose();
    this.bridge = startBridge(this.path, Number(new URL(this.url).port));
  }

  async post(path: string): Promise<number> {
    return (await fetch(new URL(path, this.url), { method: 'POST' })).status;
  }

  async strike(): Promise<void> {
    await this.browser.close();
    this.network.close();
    await this.bridge.dispose();
    await this.board.kill();
  }
}
