/**
 * Starts the outlets as workers and keeps them going, one for one: whatever one of them does, the loop and the other
 * outlets go on. It passes on what they say, and never waits for any of them.
 */
import type { Config } from './config.js';
import { DeliveryAlarms } from './delivery/alarms.js';
import type { Feed } from './feed/feed.js';
import { monotonicUs, utcUs } from './host-clock.js';
import type {
  BoardCommand,
  CommandAnswer,
  FromOutlet,
  LogLevel,
  MetricValues,
  OutletName,
  OutletState,
  TextEvent,
} from './outlet.js';
import { outletNames, WAKE } from './outlet.js';
import { type HangLimits, hangLimits } from './supervisor/hang-watch.js';
import { OutletWorker } from './supervisor/outlet-worker.js';
import { RateGate } from './supervisor/rate-gate.js';
import { type RestartLimits, restartLimits } from './supervisor/restart-policy.js';

export interface SupervisorHandlers {
  /** Somebody wants a board to do something. A rejection is answered as `internal`. */
  command(command: BoardCommand, from: OutletName): Promise<CommandAnswer>;
  /** An outlet can't start for a reason that the user must remove: end the process with this code. */
  fatal(exitCode: number, text: string, from: OutletName): void;
  /** The bridge's own figures, once a second, for /metrics. */
  metrics?(): MetricValues;
  /** An outlet works, or does not. */
  status?(status: Extract<FromOutlet, { type: 'status' }>, from: OutletName): void;
  /** Of any outlet; the outlets hear it too. */
  states?(states: readonly OutletState[]): void;
}

export interface SupervisorLimits {
  readonly restart: RestartLimits;
  readonly hang: HangLimits;
  /** From asking an outlet to stop until it is ended. */
  readonly stopGraceMs: number;
  /** Until `stop` resolves, whatever the outlets do. */
  readonly stopBoundMs: number;
}

export interface SupervisorOptions {
  readonly feed: Feed;
  readonly config: Config;
  readonly explicit?: readonly string[];
  readonly epoch: string;
  readonly startedUtcUs: number;
  /** For `OutletStart`. */
  readonly utcOffset?: SharedArrayBuffer;
  /** What has to be up besides the outlets. */
  readonly beside?: () => readonly OutletState[];
  /** In the order in which they are woken. */
  readonly outlets: readonly OutletName[];
  readonly handlers: SupervisorHandlers;
  /** In place of the built outlets; for tests. */
  readonly workers?: Partial<Record<OutletName, OutletFile>>;
  readonly limits?: Partial<SupervisorLimits>;
}

const defaultLimits: SupervisorLimits = {
  restart: restartLimits,
  hang: hangLimits,
  stopGraceMs: 1200,
  stopBoundMs: 1450,
};

export interface OutletFile {
  readonly file: URL;
  /** How large the heap of the worker may grow; beyond, it ends and is restarted. */
  readonly heapMiB: number;
}

/** Relative to this file in the build. */
const built = (file: string, heapMiB: number): OutletFile => ({ file: new URL(file, import.meta.url), heapMiB });
const outletFiles: Readonly<Partial<Record<OutletName, OutletFile>>> = {
  gateway: built('./gateway/worker.js', 512),
  mqtt: built('./mqtt/worker.js', 256),
  broker: built('./mqtt/broker-worker.js', 256),
  console: built('./console/worker.js', 64),
};

const PENDING_COMMANDS_MAX = 64;
const LOGS_PER_SECOND = 20;
const PRINTED_CHARACTERS_MAX = 1000;

interface Supervised {
  readonly worker: OutletWorker;
  readonly logs: RateGate;
  pendingCommands: number;
  readonly missesByCulprit: Record<string, number>;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #limits: SupervisorLimits;
  readonly #outlets = new Map<OutletName, Supervised>();
  #look: NodeJS.Timeout | undefined;
  readonly #deliveryAlarms = new DeliveryAlarms((id, active, text) => this.alarm(id, active, text));
  #statesArePending = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    for (const name of options.outlets) this.#outlets.set(name, this.#supervise(name));
  }

  start(): void {
    for (const { worker } of this.#outlets.values()) worker.start();
    this.#look = setInterval(() => {
      for (const { worker } of this.#outlets.values()) worker.look();
      this.#sendMetrics();
      this.#deliveryAlarms.everySecond();
    }, this.#limits.hang.lookMs);
  }

  get states(): readonly OutletState[] {
    const outlets = [...this.#outlets.values()].map(({ worker }) => worker.state);
    return [...outlets, ...(this.#options.beside?.() ?? [])];
  }

  /** What the supervisor counts, by the names of /metrics. */
  metrics(): MetricValues {
    const values: Record<string, number> = {
      tautline_feed_wakeups_total: this.#options.feed.wakeUps,
      tautline_texts_cut_total: this.#options.feed.cutTexts,
    };
    for (const [name, { worker, logs, missesByCulprit }] of this.#outlets) {
      values[`tautline_worker_restarts_total{worker="${name}"}`] = worker.restarts;
      values[`tautline_worker_hung_total{worker="${name}"}`] = worker.hung;
      values[`tautline_worker_up{worker="${name}"}`] = worker.state.up ? 1 : 0;
      values[`tautline_feed_lost_total{outlet="${name}"}`] = worker.lostFrames;
      values[`tautline_events_lost_total{outlet="${name}"}`] = worker.lostEvents;
      values[`tautline_logs_held_total{outlet="${name}"}`] = logs.held;
      for (const [culprit, count] of Object.entries(missesByCulprit))
        values[`tautline_delivery_misses_total{outlet="${name}",culprit="${culprit}"}`] = count;
    }
    return values;
  }

  /** Publishes a text event and wakes who sleeps. */
  publish(event: TextEvent): void {
    this.#options.feed.text(event);
    this.#options.feed.wakeParked();
  }

  /** A line from the bridge itself. */
  log(level: LogLevel, text: string): void {
    this.publish({ type: 'log', board: null, level, text, utcUs: utcUs(monotonicUs()) });
  }

  /** Ends the worker of an outlet as a fault would; it is restarted. */
  kill(name: OutletName): void {
    this.#outlets.get(name)?.worker.kill('killed');
  }

  /**
   * Asks all outlets to end, and ends those that don't.
   * @returns those that could not be ended within `stopBoundMs`: they wait in a system call, and `process.exit` would
   * wait for them, too; only a signal ends such a process.
   */
  async stop(): Promise<readonly OutletName[]> {
    clearInterval(this.#look);
    const { stopGraceMs, stopBoundMs } = this.#limits;
    const outlets = [...this.#outlets.values()];
    const ended = await Promise.all(outlets.map(({ worker }) => worker.stop(stopGraceMs, stopBoundMs)));
    return outlets.filter((_, i) => !ended[i]).map(({ worker }) => worker.name);
  }

  #supervise(name: OutletName): Supervised {
    const { feed, config, explicit = [], epoch, startedUtcUs, utcOffset } = this.#options;
    const consumer = outletNames.indexOf(name);
    const workerFile = this.#options.workers?.[name] ?? outletFiles[name];
    if (workerFile === undefined) throw new Error(`${name} is not an outlet that the supervisor can start`);
    const worker = new OutletWorker(
      {
        name,
        consumer,
        ...workerFile,
        feed: feed.frames.ring,
        events: feed.events.ring,
        restart: this.#limits.restart,
        hang: this.#limits.hang,
        nowMs: () => monotonicUs() / 1000,
        start: (feedCursor, eventsCursor) => ({
          name,
          consumer,
          feed: feed.frames.ring.memory,
          events: feed.events.ring.memory,
          feedCursor,
          eventsCursor,
          texts: feed.retained.before(eventsCursor),
          config,
          explicit,
          epoch,
          startedUtcUs,
          ...(utcOffset && { utcOffset }),
        }),
        onMessage: (message) => this.#receive(name, message),
        onDown: (reason, isAlarm) => this.#down(name, reason, isAlarm),
        onStuck: (reason) => this.alarm(`worker-${name}`, true, `${name} is down: ${reason}`),
        onSettled: () => this.alarm(`worker-${name}`, false, `${name} runs again`),
        onState: () => this.announce(),
        onEventsLost: () => worker.post({ type: 'texts', texts: feed.retained.latest() }),
        onPrinted: (line) => this.#log(name, 'warning', line.slice(0, PRINTED_CHARACTERS_MAX)),
      },
      feed.frames.offset,
      feed.events.offset,
    );
    feed.onParked(consumer, () => worker.post(WAKE));
    return { worker, logs: new RateGate(LOGS_PER_SECOND), pendingCommands: 0, missesByCulprit: {} };
  }

  #receive(name: OutletName, message: FromOutlet): void {
    const { handlers } = this.#options;
    if (message.type === 'log') this.#log(name, message.level, message.text);
    else if (message.type === 'alarm') this.alarm(message.id, message.active, message.text);
    else if (message.type === 'command') void this.#command(name, message.request, message.command);
    else if (message.type === 'metrics' && name !== 'gateway')
      this.#outlets.get('gateway')?.worker.post({ type: 'metrics', from: name, values: message.values });
    else if (message.type === 'ready' && typeof message.info.url === 'string')
      this.#log(name, 'info', `ready at ${message.info.url}`);
    else if (message.type === 'status') handlers.status?.(message, name);
    else if (message.type === 'fatal') handlers.fatal(message.exitCode, message.text, name);
    else if (message.type === 'delivery-miss') {
      const { missesByCulprit } = this.#outlets.get(name)!;
      missesByCulprit[message.culprit] = (missesByCulprit[message.culprit] ?? 0) + message.count;
      this.#delivered(name, message);
    }
  }

  /** What was delivered late is told to all, and is an alarm when it goes on. */
  #delivered(outlet: OutletName, miss: Extract<FromOutlet, { type: 'delivery-miss' }>): void {
    const { board, stream, client, culprit } = miss;
    this.publish({ ...miss, outlet, utcUs: utcUs(monotonicUs()) });
    const whom = client === null ? 'all its clients' : client;
    const who = culprit === 'outlet' ? outlet : culprit === 'consumer' ? whom : 'it cannot be told who';
    const id = client === null ? `delivery-${outlet}` : `delivery-${outlet}-${topicSafe(client)}`;
    this.#deliveryAlarms.missed(
      id,
      `${board}/${stream} reaches ${whom} late by ${outlet}, again and again; to blame: ${who}`,
    );
  }

  async #command(name: OutletName, request: number, command: BoardCommand): Promise<void> {
    const outlet = this.#outlets.get(name)!;
    const { restarts } = outlet.worker;
    const answer = await this.#answer(outlet, command, name);
    // A worker that was restarted meanwhile counts its requests from the beginning again.
    if (outlet.worker.restarts === restarts) outlet.worker.post({ type: 'answer', request, answer });
  }

  async #answer(outlet: Supervised, command: BoardCommand, name: OutletName): Promise<CommandAnswer> {
    if (outlet.pendingCommands >= PENDING_COMMANDS_MAX)
      return { ok: false, code: 'busy', detail: `${PENDING_COMMANDS_MAX} commands of ${name} wait for their answers` };
    outlet.pendingCommands++;
    try {
      return await this.#options.handlers.command(command, name);
    } catch (error) {
      return { ok: false, code: 'internal', detail: error instanceof Error ? error.message : String(error) };
    } finally {
      outlet.pendingCommands--;
    }
  }

  #down(name: OutletName, reason: string, isAlarm: boolean): void {
    if (!isAlarm) {
      this.#log(name, 'warning', `${reason}; restarted`);
      return;
    }
    const { restartsMax, windowMs, retryMs } = this.#limits.restart;
    const tries = `ended more than ${restartsMax} times in ${windowMs / 1000} s, next try in ${retryMs / 1000} s`;
    this.alarm(`worker-${name}`, true, `${name} is down: ${reason}; ${tries}`);
  }

  #log(name: OutletName, level: LogLevel, text: string): void {
    const logs = this.#outlets.get(name)?.logs;
    if (logs !== undefined && !logs.passes(monotonicUs() / 1000)) return;
    const named = text.startsWith(`${name}: `) ? text : `${name}: ${text}`;
    this.log(level, named);
  }

  /** Of the bridge itself. */
  alarm(id: string, active: boolean, text: string): void {
    this.publish({ type: 'alarm', board: null, id, active, text, sinceUtcUs: utcUs(monotonicUs()) });
  }

  /** Tells the outlets what is up and what is not: once for all changes of this turn. */
  announce(): void {
    if (this.#statesArePending) return;
    this.#statesArePending = true;
    setImmediate(() => {
      this.#statesArePending = false;
      const outlets = this.states;
      for (const { worker } of this.#outlets.values()) worker.post({ type: 'outlets', outlets });
      this.#options.handlers.states?.(outlets);
    });
  }

  #sendMetrics(): void {
    // Not `{ ...a, ...b }`: a copy of so many keys leaves 15 kB behind that only a collection of the whole heap takes back.
    const values = Object.assign(this.metrics(), this.#options.handlers.metrics?.());
    this.#outlets.get('gateway')?.worker.post({ type: 'metrics', from: 'bridge', values });
  }
}

/** Alarms have topics of their own: what stands for a client there has no level, no wildcard, and an end. */
const topicSafe = (client: string): string => client.replaceAll(/[^\w.-]+/g, '-').slice(0, 48);
