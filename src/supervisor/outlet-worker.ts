/** One outlet under supervision: its thread, its restarts, its state. What it says goes to the supervisor. */
import { Worker } from 'node:worker_threads';
import type { Ring } from '../feed/ring.js';
import { consumerStates, cursorAt, lostAt, stateAt } from '../feed/ring.js';
import type { FromOutlet, OutletName, OutletStart, OutletState, ToOutlet } from '../outlet.js';
import { within } from '../within.js';
import { type HangLimits, HangWatch } from './hang-watch.js';
import { type RestartLimits, RestartPolicy } from './restart-policy.js';

export interface OutletWorkerOptions {
  readonly name: OutletName;
  readonly consumer: number;
  readonly file: URL;
  readonly heapMiB: number;
  readonly feed: Ring;
  readonly events: Ring;
  readonly restart: RestartLimits;
  readonly hang: HangLimits;
  /** Host monotonic time in ms. */
  readonly nowMs: () => number;
  /** `workerData` for a worker that reads on from these offsets. */
  readonly start: (feedCursor: number, eventsCursor: number) => OutletStart;
  readonly onMessage: (message: FromOutlet) => void;
  /** It ended: one sentence. `isAlarm` once the restarts are used up, until it lives again. */
  readonly onDown: (reason: string, isAlarm: boolean) => void;
  /** It can't be ended: one sentence. An alarm, until the next worker runs. */
  readonly onStuck: (reason: string) => void;
  /** It has lived long enough to take the alarm back. */
  readonly onSettled: () => void;
  readonly onState: () => void;
  /** It was overtaken in the events ring: what it believes of boards and alarms may be wrong. */
  readonly onEventsLost: () => void;
  /** A line that a library of the worker printed. */
  readonly onPrinted: (line: string) => void;
}

/** Reads a shared i32 counter that wraps, as a number that doesn't. */
class Unwrapped {
  constructor(
    readonly control: Int32Array,
    readonly at: number,
    public value: number,
  ) {}

  read(): number {
    this.value += (Atomics.load(this.control, this.at) - (this.value | 0)) | 0;
    return this.value;
  }
}

/** Each worker fills its young generation, whatever it needs: what an outlet makes dies at once, and a small one is collected as quickly. */
const YOUNG_GENERATION_MIB = 6;
/** A worker that waits in a system call outlives its termination; after so many looks somebody should know. */
const LOOKS_UNTIL_STUCK = 5;

export class OutletWorker {
  restarts = 0;
  /** Workers that were ended because they hung. */
  hung = 0;
  #worker: Worker | undefined;
  #watch: HangWatch | undefined;
  #retry: NodeJS.Timeout | undefined;
  #state: Pick<OutletState, 'up' | 'detail' | 'info'> = { up: false, detail: 'starting', info: {} };
  #endReason: string | undefined;
  #looksSinceEnd = 0;
  /** An alarm about it stands. */
  #isAlarmed = false;
  #isStopping = false;
  #wasReady = false;
  /** Of the worker that runs now. */
  #isReady = false;
  #pings = 0;
  /** Up to here it has been told how things are instead. */
  #lostEventsTold = 0;
  readonly #options: OutletWorkerOptions;
  readonly #policy: RestartPolicy;
  readonly #cursors: readonly [feed: Unwrapped, events: Unwrapped];
  readonly #lost: readonly [feed: Unwrapped, events: Unwrapped];

  /** Starts reading at the present heads. */
  constructor(options: OutletWorkerOptions, feedOffset: number, eventsOffset: number) {
    this.#options = options;
    this.#policy = new RestartPolicy(options.restart);
    const { consumer, feed, events } = options;
    Atomics.store(feed.control, cursorAt(consumer), feedOffset | 0);
    Atomics.store(events.control, cursorAt(consumer), eventsOffset | 0);
    this.#cursors = [
      new Unwrapped(feed.control, cursorAt(consumer), feedOffset),
      new Unwrapped(events.control, cursorAt(consumer), eventsOffset),
    ];
    this.#lost = [new Unwrapped(feed.control, lostAt(consumer), 0), new Unwrapped(events.control, lostAt(consumer), 0)];
  }

  get name(): OutletName {
    return this.#options.name;
  }

  /** Slots of the feed that this outlet lost, over all its workers. */
  get lostFrames(): number {
    return this.#lost[0].read();
  }

  get lostEvents(): number {
    return this.#lost[1].read();
  }

  get state(): OutletState {
    return { name: this.name, ...this.#state, restarts: this.restarts };
  }

  start(): void {
    const { file, heapMiB, feed, consumer, nowMs } = this.#options;
    this.#retry = undefined;
    this.#endReason = undefined;
    this.#looksSinceEnd = 0;
    this.#isReady = false;
    this.#policy.started(nowMs());
    this.#watch = new HangWatch(nowMs(), this.#options.hang);
    Atomics.store(feed.control, stateAt(consumer), consumerStates.detached);
    const [feedCursor, eventsCursor] = this.#cursors.map((cursor) => cursor.read()) as [number, number];
    const worker = new Worker(file, {
      name: `tautline ${this.name}`,
      workerData: this.#options.start(feedCursor, eventsCursor),
      resourceLimits: { maxOldGenerationSizeMb: heapMiB, maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
      // Captured: what a worker prints would otherwise be written by this thread, and a full pipe would block it.
      stdout: true,
      stderr: true,
      // V8's flags hold for the whole process; Node's own (`--input-type`, `-e`) would keep the worker from starting.
      execArgv: [],
    });
    this.#worker = worker;
    this.#setState({ up: false, detail: 'starting', info: {} });
    worker.stdout.on('data', (chunk: Buffer) => this.#options.onPrinted(String(chunk).trimEnd()));
    worker.stderr.on('data', (chunk: Buffer) => this.#options.onPrinted(String(chunk).trimEnd()));
    worker.on('message', (message: FromOutlet) => {
      if (worker === this.#worker) this.#receive(message);
    });
    worker.on('messageerror', (error) => this.#options.onPrinted(`unreadable message: ${error.message}`));
    worker.on('error', (error) => {
      this.#endReason ??= describeError(error);
    });
    worker.on('exit', (code) => {
      if (worker === this.#worker) this.#ended(code);
    });
    this.#ping();
  }

  /** Does nothing while there is no worker: who starts gets what it needs in its start. */
  post(message: ToOutlet): void {
    this.#worker?.postMessage(message);
  }

  /** Looks whether the worker still lives; call it once per `lookMs`. */
  look(): void {
    const { consumer } = this.#options;
    const { control } = this.#options.feed;
    const nowMs = this.#options.nowMs();
    if (this.#endReason === undefined && this.#policy.settle(nowMs)) this.#settled();
    const [feed, events] = this.#cursors;
    const progress = feed.read() + events.read();
    const { lostEvents } = this;
    if (lostEvents > this.#lostEventsTold) this.#options.onEventsLost();
    this.#lostEventsTold = lostEvents;
    this.#lost[0].read(); // often enough to be unwrapped
    if (this.#worker === undefined || this.#isStopping) return;
    if (this.#endReason !== undefined) {
      if (++this.#looksSinceEnd === LOOKS_UNTIL_STUCK) {
        this.#isAlarmed = true;
        this.#options.onStuck(`${this.#endReason}; it waits in a system call and cannot be ended`);
      }
      return;
    }
    const isReader = Atomics.load(control, stateAt(consumer)) !== consumerStates.detached;
    if (this.#watch?.look(nowMs, progress, isReader)) {
      this.hung++;
      this.kill(`hung: no answer and no progress at offset ${feed.value}`);
      return;
    }
    this.#ping();
  }

  /** Ends the worker wherever it is; it is restarted as after any failure. */
  kill(reason: string): void {
    if (this.#worker === undefined) return;
    this.#endReason ??= reason;
    this.#setState({ up: false, detail: this.#endReason, info: this.#state.info });
    void this.#worker.terminate();
  }

  /**
   * Asks the worker to end; ends it after `graceMs`, or at once when it has not begun: it may load its modules for longer
   * than that on a busy machine, and holds nothing yet. @returns whether it has ended, after `boundMs` at the latest.
   */
  async stop(graceMs: number, boundMs: number): Promise<boolean> {
    this.#isStopping = true;
    clearTimeout(this.#retry);
    const worker = this.#worker;
    if (worker === undefined) return true;
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const patienceMs = this.#isReady ? graceMs : 0;
    this.post({ type: 'stop' });
    if (patienceMs > 0 && (await within(exited, patienceMs))) return true;
    void worker.terminate();
    return within(exited, boundMs - patienceMs);
  }

  #ping(): void {
    this.post({ type: 'ping', id: ++this.#pings });
  }

  #receive(message: FromOutlet): void {
    if (message.type === 'pong') {
      this.#watch?.answered();
      return;
    }
    if (message.type === 'fatal') {
      this.#fail(message);
      return;
    }
    if (message.type === 'ready') {
      this.#wasReady = true;
      this.#isReady = true;
      this.#watch?.ready();
      if (!this.#policy.isAlarmed) this.#settled();
      const { info, waitsFor } = message;
      this.#setState({ up: waitsFor === undefined, detail: waitsFor ?? 'ready', info });
    } else if (message.type === 'status') {
      this.#setState({ up: message.up, detail: message.detail, info: this.#state.info });
    }
    this.#options.onMessage(message);
  }

  /** What keeps an outlet from starting ends the process. Once it has run, it is a failure like any other: the loop goes on. */
  #fail(message: Extract<FromOutlet, { type: 'fatal' }>): void {
    if (this.#wasReady) {
      this.kill(message.text);
      return;
    }
    this.#isStopping = true;
    this.#setState({ up: false, detail: message.text, info: {} });
    this.#options.onMessage(message);
  }

  #ended(code: number): void {
    this.#worker = undefined;
    this.#watch = undefined;
    if (this.#isStopping) return;
    const reason = this.#endReason ?? `exit code ${code}`;
    const delayMs = this.#policy.ended(this.#options.nowMs());
    this.restarts++;
    this.#setState({ up: false, detail: `restarting: ${reason}`, info: {} });
    this.#isAlarmed ||= this.#policy.isAlarmed;
    this.#options.onDown(reason, this.#policy.isAlarmed);
    this.#retry = setTimeout(() => this.start(), delayMs);
  }

  #settled(): void {
    if (!this.#isAlarmed) return;
    this.#isAlarmed = false;
    this.#options.onSettled();
  }

  #setState(state: Pick<OutletState, 'up' | 'detail' | 'info'>): void {
    this.#state = state;
    this.#options.onState();
  }
}

/** The message and where it was thrown; a worker may throw anything. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  const where = error.stack?.split('\n').find((line) => line.trimStart().startsWith('at '));
  return where === undefined ? error.message : `${error.message} (${where.trim()})`;
}
