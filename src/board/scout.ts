/** Knows which ports there are, without ever making the loop wait: the work is done in scout-worker.js. */
import { Worker } from 'node:worker_threads';
import { Backoff } from './backoff.js';
import { portAmbiguous } from './errors.js';
import { matchPorts, type PortDescription, parseSelector } from './port-selector.js';

export type ToScout = 'refresh';
export type FromScout =
  | { readonly type: 'ports'; readonly ports: readonly PortDescription[] }
  | { readonly type: 'failed'; readonly reason: string };

export interface ScoutOptions {
  /** A port came or went. */
  readonly onChange?: (ports: readonly PortDescription[]) => void;
  readonly onFailure?: (reason: string) => void;
  /** Of the built worker; another one in tests. */
  readonly worker?: URL;
}

/** How long a resolution waits for the first list. */
const FIRST_LIST_MS = 5000;
/** Resolving asks for a new list at most so often. */
const REFRESH_MS = 2000;

export class Scout {
  readonly counters = { lists: 0, failures: 0, restarts: 0 };
  ports: readonly PortDescription[] = [];
  readonly #backoff = new Backoff(Math.random, 500, 30_000);
  #worker: Worker | null = null;
  #restart: NodeJS.Timeout | undefined;
  #isStopped = false;
  #firstList: Promise<void>;
  #onFirstList: () => void = () => {};
  #refreshedMs = 0;

  constructor(private readonly options: ScoutOptions = {}) {
    this.#firstList = new Promise((resolve) => {
      this.#onFirstList = resolve;
    });
    this.#start();
  }

  /**
   * The path that a setting means now: a path as it is, `vid:pid[:serial]` looked up; null when no such port is plugged in.
   * @throws PortError `PORT_AMBIGUOUS` when several match.
   */
  async resolve(name: string): Promise<string | null> {
    const selector = parseSelector(name);
    if (selector === null) return name;
    await Promise.race([this.#firstList, timeout(FIRST_LIST_MS)]);
    const [path, ...others] = matchPorts(selector, this.ports);
    if (path !== undefined && others.length > 0) throw portAmbiguous(name, [path, ...others]);
    if (path === undefined) this.#refresh();
    return path ?? null;
  }

  /** Whoever waits for the first list is told that there is no such port. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#onFirstList();
    clearTimeout(this.#restart);
    await this.#worker?.terminate();
  }

  #refresh(): void {
    const nowMs = performance.now();
    if (nowMs - this.#refreshedMs < REFRESH_MS) return;
    this.#refreshedMs = nowMs;
    this.#worker?.postMessage('refresh' satisfies ToScout);
  }

  #start(): void {
    const worker = new Worker(this.options.worker ?? new URL('./scout-worker.js', import.meta.url), {
      name: 'scout',
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    this.#worker = worker;
    worker.on('message', (message: FromScout) => this.#onMessage(message));
    worker.on('error', (error) => this.#onFailure(error.message));
    worker.on('exit', () => {
      this.#worker = null;
      if (this.#isStopped) return;
      this.counters.restarts++;
      this.#restart = setTimeout(() => this.#start(), this.#backoff.nextMs());
    });
  }

  #onMessage(message: FromScout): void {
    if (message.type === 'failed') {
      this.#onFailure(message.reason);
      return;
    }
    this.counters.lists++;
    this.#backoff.reset();
    this.ports = message.ports;
    this.#onFirstList();
    this.options.onChange?.(message.ports);
  }

  #onFailure(reason: string): void {
    this.counters.failures++;
    this.#onFirstList();
    this.options.onFailure?.(reason);
  }
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
