import type { RingReader } from '../feed/outlet-reader.js';
import { monotonicUs, utcUs } from '../host-clock.js';
import type { FromOutlet, MetricValues, OutletStart, ToOutlet } from '../outlet.js';
import type { Clock, TopicContext } from './channels/topic.js';
import { Topics } from './channels/topics.js';
import { Clients } from './clients.js';
import { CommandRelay } from './commands.js';
import { DeliveryLedger } from './delivery.js';
import { EventStreams } from './event-stream.js';
import { renderMetrics } from './metrics.js';
import { Flusher, type OutboxCounters } from './phoenix/outbox.js';
import { BridgeState } from './state.js';

/** Bugs that are logged at once, and one a second after them: a fault that repeats a thousand times a second must not flood the log. */
const BUGS_LOGGED_MAX = 100;
const REPORT_MS = 1000;

const hostClock: Clock = {
  nowUs: monotonicUs,
  utcOffsetUs: () => {
    const nowUs = monotonicUs();
    return utcUs(nowUs) - nowUs;
  },
};

/** Of the bridge that is followed: its UTC, on this host's monotonic clock. */
function followedClock(utcOffset: SharedArrayBuffer): Clock {
  const cell = new Float64Array(utcOffset);
  return { nowUs: monotonicUs, utcOffsetUs: () => cell[0]! };
}

export interface GatewayOptions {
  readonly start: Pick<OutletStart, 'config' | 'epoch' | 'startedUtcUs' | 'feedCursor' | 'texts' | 'utcOffset'>;
  readonly version: string;
  readonly post: (message: FromOutlet) => void;
  readonly clock?: Clock;
}

/** Everything of the gateway but its shells: no port, no worker. `topics` takes what `readRings` hands out. */
export class Gateway {
  readonly version: string;
  readonly state = new BridgeState();
  readonly commands: CommandRelay;
  readonly topics: Topics;
  readonly clients: Clients;
  readonly eventStreams: EventStreams;
  readonly context: TopicContext;
  /** The port that was got; 0 before. */
  port = 0;
  private readonly options: GatewayOptions;
  private readonly reported = new Map<string, MetricValues>();
  private readonly reporter: NodeJS.Timeout;
  private reader: RingReader | undefined;
  /** Of the bridge, host monotonic: a machine without a battery gets the right UTC only later, in one step. */
  private readonly startedUs: number;
  private bugs = 0;
  private recentlyLogged = 0;

  constructor(options: GatewayOptions) {
    this.options = options;
    this.version = options.version;
    this.commands = new CommandRelay(options.post);
    const counters: OutboxCounters = { writes: 0, bytes: 0, conflated: 0, cut: 0 };
    const { utcOffset } = options.start;
    this.context = {
      state: this.state,
      clock: options.clock ?? (utcOffset === undefined ? hostClock : followedClock(utcOffset)),
      readOnly: utcOffset !== undefined,
      epoch: options.start.epoch,
      version: options.version,
      flusher: new Flusher(),
      counters,
      delivery: new DeliveryLedger(),
      commands: this.commands,
      history: () => this.reader,
    };
    // By this host's own wall clock, also where another's is shown.
    this.startedUs = options.start.startedUtcUs - (options.clock ?? hostClock).utcOffsetUs();
    for (const text of options.start.texts) this.state.text(text);
    this.topics = new Topics(this.context, options.start.feedCursor);
    this.clients = new Clients(this.context, this.topics.route, (error) => this.bug(error));
    this.eventStreams = new EventStreams(this.clients);
    this.reporter = setInterval(() => this.everySecond(), REPORT_MS).unref();
  }

  /** Recovery needs it: the feed's history. */
  attach(reader: RingReader): void {
    this.reader = reader;
    this.topics.frames.adaptPatience();
  }

  /** A message of the main thread. */
  receive(message: ToOutlet): void {
    this.state.lastFromMainUs = this.context.clock.nowUs();
    if (typeof message === 'number') return;
    if (message.type === 'answer') this.commands.answer(message.request, message.answer);
    else if (message.type === 'metrics') this.reported.set(message.from, message.values);
    else if (message.type === 'outlets') this.topics.outlets(message.outlets);
  }

  private everySecond(): void {
    this.recentlyLogged = Math.max(0, this.recentlyLogged - 1);
    this.context.delivery.report(this.options.post);
  }

  /** Something threw that must not: counted, logged, and the gateway goes on. */
  bug(error: unknown): void {
    this.bugs++;
    if (this.recentlyLogged >= BUGS_LOGGED_MAX) return;
    this.recentlyLogged++;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.options.post({ type: 'log', level: 'error', text: `gateway: ${text}` });
  }

  metricsText(): string {
    this.reader?.look();
    return renderMetrics({
      nowUs: this.context.clock.nowUs(),
      state: this.state,
      delivery: this.context.delivery,
      counters: this.context.counters,
      clients: this.clients.count,
      eventStreams: this.eventStreams.count,
      lostSlots: this.topics.lostSlots,
      unansweredCommands: this.commands.unanswered,
      bugs: this.bugs,
      reported: this.reported,
    });
  }

  bridgeView() {
    const { start } = this.options;
    const { clock } = this.context;
    const ports: Record<string, number> = { http: this.port };
    for (const { name, info } of this.state.outlets)
      if (name !== 'gateway' && typeof info.port === 'number') ports[name === 'broker' ? 'mqtt' : name] = info.port;
    return {
      name: 'tautline' as const,
      version: this.version,
      epoch: start.epoch,
      readOnly: this.context.readOnly,
      startedAt: new Date(start.startedUtcUs / 1e3).toISOString(),
      uptimeSeconds: Math.round((clock.nowUs() - this.startedUs) / 1e5) / 10,
      http: { host: start.config.http.host, port: this.port },
      ports,
      node: process.version,
      outlets: this.state.outlets.map((outlet) => ({ ...outlet, info: { ...outlet.info } })),
      clients: this.clients.count,
      alarms: [...this.state.alarms.values()],
    };
  }

  close(): void {
    clearInterval(this.reporter);
    this.commands.close();
    this.clients.close();
    this.topics.close();
  }
}
