/**
 * A gateway on another machine than the boards: it follows a bridge over a broker, and serves clients from a copy of its
 * feed, under the same epoch and offsets. As many of them as are wanted; none knows of another, and none holds anything
 * that is not the bridge's.
 */
import { randomBytes } from 'node:crypto';
import type { Config } from '../config.js';
import { exitCodes, UserError } from '../exit-codes.js';
import { Feed } from '../feed/feed.js';
import {
  readShipmentHeader,
  SHIPMENT_HEADER_BYTES,
  SHIPMENT_SLOTS_MAX,
  type ShipmentHeader,
} from '../feed/shipment.js';
import { SLOT_BYTES } from '../feed/slot.js';
import { refuseSettings } from '../gateway/auth.js';
import { monotonicUs, utcUs } from '../host-clock.js';
import { OFFLINE } from '../mqtt/birth.js';
import { addressOf, BrokerConnection } from '../mqtt/client.js';
import { chooseTarget } from '../mqtt/target.js';
import { parseTopic, subscriptions, topics } from '../mqtt/topics.js';
import type { CommandAnswer, OutletState } from '../outlet.js';
import { Supervisor, type SupervisorLimits } from '../supervisor.js';
import { ReplicaCounters } from './counters.js';
import { Hearing, SILENCE_MAX_US } from './hearing.js';
import { Mirror } from './mirror.js';
import { parseAlarm, parseSession } from './text-event.js';

export interface ReplicaOptions {
  readonly config: Config;
  readonly explicit?: readonly string[];
  /** Whether to tell on stderr what happens; default true. */
  readonly console?: boolean;
  /** For tests. */
  readonly supervisor?: Partial<SupervisorLimits>;
  /** Called when it cannot go on, with the reason, which has been printed. */
  readonly onFatal?: (exitCode: number, text: string) => void;
}

export interface Replica {
  /** Of the bridge that it follows; zeros before the first word of one. */
  readonly epoch: string;
  readonly supervisor: Supervisor;
  /** @returns outlets that could not be ended */
  stop(): Promise<readonly string[]>;
}

const NO_EPOCH = '00000000';
const LOOK_MS = 250;
/** A shipment, and what else there may be in its packet. */
const INBOUND_BYTES_MAX = SHIPMENT_HEADER_BYTES + SHIPMENT_SLOTS_MAX * SLOT_BYTES + 1024;
/** What is retained is asked for again after a loss of events, and no more often: a broker that drops them has enough to do. */
const ASK_AGAIN_MS = 2000;
/** A run is left for another one after this long at the soonest, and after more when they change again and again: two bridges on one broker. */
const RUN_MS_MIN = 2000;
const RUN_MS_MAX = 10_000;
/** A bridge that is there says something ten times a second and more, or at least each second. */
const HEARD_US = 1.5e6;
/** Until the port is tried again that was free before. */
const PORT_AGAIN_MS = 1000;
const READ_ONLY: CommandAnswer = {
  ok: false,
  code: 'read-only',
  detail: 'this gateway shows what a bridge publishes; give commands to the bridge itself',
};

/** @throws UserError when the settings cannot be served as they are */
export function startReplica(options: ReplicaOptions): Replica {
  return new RunningReplica(options);
}

/** What ends with a run of the bridge. */
interface Run {
  readonly epoch: string;
  /** Undefined before the first word of a bridge. */
  readonly mirror: Mirror | undefined;
  readonly supervisor: Supervisor;
  readonly beganUs: number;
}

class RunningReplica implements Replica {
  readonly #options: ReplicaOptions;
  readonly #link: BrokerConnection;
  readonly #hearing: Hearing;
  readonly #ticker: NodeJS.Timeout;
  /** UTC of the bridge - monotonic here, for the outlets. */
  readonly #utcOffset = new Float64Array(new SharedArrayBuffer(8));
  #run!: Run;
  /** The outlets of a run that is over are ending. */
  #isChanging = false;
  /** How long a run lasts at least, ms. */
  #runMs = 0;
  #newest: ShipmentHeader | undefined;
  /** When one last came of which everything was here, without another one since. */
  #repeatsSinceUs = Number.POSITIVE_INFINITY;
  #askTimer: NodeJS.Timeout | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;
  #refused = '';
  /** Where it has listened: clients come back to it. */
  #port: number | undefined;
  readonly #counters = new ReplicaCounters();
  #stopped: Promise<readonly string[]> | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    const { url, versions } = targetOf(options.config);
    this.#utcOffset[0] = utcUs(0);
    this.#hearing = new Hearing(url, () => this.epoch, {
      // While outlets end there is nobody to be told; those that follow are told anew.
      changed: () => this.#isChanging || this.supervisor.announce(),
      away: (isAway, text) => this.#isChanging || this.supervisor.alarm('bridge-away', isAway, text),
    });
    const { username, password } = options.config.mqtt;
    this.#run = this.#begin(undefined);
    this.#link = new BrokerConnection(
      {
        url,
        versions,
        username,
        password,
        clientId: `tautline-gateway-${randomBytes(4).toString('hex')}`,
        subscriptions: [topics.feed, subscriptions.bridgeState, subscriptions.session, subscriptions.alarm],
        inboundBytesMax: INBOUND_BYTES_MAX,
      },
      {
        up: () => this.#hearing.link(true, ''),
        down: (text) => {
          this.#refused = '';
          this.#hearing.link(false, text);
        },
        acknowledged: () => undefined,
        message: (topic, payload) => this.#message(topic, payload),
        deaf: (_text, refused) => this.#deaf(refused),
        takenOver: (text) => this.supervisor.log('error', text),
      },
    );
    this.#link.start();
    this.#ticker = setInterval(() => this.#hearing.look(), LOOK_MS);
  }

  get epoch(): string {
    return this.#run.epoch;
  }

  get supervisor(): Supervisor {
    return this.#run.supervisor;
  }

  stop(): Promise<readonly string[]> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<readonly string[]> {
    clearInterval(this.#ticker);
    clearTimeout(this.#askTimer);
    const [stuck] = await Promise.all([this.supervisor.stop(), this.#link.stop([])]);
    return stuck;
  }

  /** @param header where the run begins; undefined while none is known: clients find a gateway without boards */
  #begin(header: ShipmentHeader | undefined, memory?: Feed): Run {
    const { config, explicit = [], console = true, supervisor: limits } = this.#options;
    const mirror = header && new Mirror(header, memory);
    const epoch = header?.epoch ?? NO_EPOCH;
    const supervisor = new Supervisor({
      feed: mirror?.feed ?? Feed.create({ slotsPerSecond: 1, seconds: 1 }),
      config: this.#port === undefined ? config : { ...config, http: { ...config.http, port: this.#port } },
      explicit,
      epoch,
      startedUtcUs: Math.round(utcUs(monotonicUs())),
      utcOffset: this.#utcOffset.buffer as SharedArrayBuffer,
      outlets: console ? ['gateway', 'console'] : ['gateway'],
      ...(limits === undefined ? {} : { limits }),
      beside: () => [this.#state()],
      handlers: {
        command: () => Promise.resolve(READ_ONLY),
        fatal: (exitCode, text) => this.#fatal(exitCode, text),
        metrics: () => this.#counters.values(this.#run.mirror, this.#hearing.judge().up),
        states: (states) => {
          const port = states.find(({ name }) => name === 'gateway')?.info.port;
          if (typeof port === 'number') this.#port = port;
        },
      },
    });
    supervisor.start();
    return { epoch, mirror, supervisor, beganUs: monotonicUs() };
  }

  /**
   * Another run of the bridge, or one that is too far ahead. Clients are told by the end of their connections, and find
   * what follows when they are back.
   */
  async #change(): Promise<void> {
    this.#isChanging = true;
    this.#counters.keep(this.#run.mirror);
    const hasLasted = monotonicUs() - this.#run.beganUs > 2 * RUN_MS_MAX * 1e3;
    this.#runMs = hasLasted || this.#run.mirror === undefined ? RUN_MS_MIN : Math.min(RUN_MS_MAX, this.#runMs * 2);
    const stuck = await this.supervisor.stop();
    if (this.#stopped !== undefined) return;
    try {
      // Memory that is shared is given back only when everything is collected, which may be never.
      const memory = stuck.length === 0 ? this.#run.mirror?.feed : undefined;
      this.#run = this.#begin(this.#newest && endOf(this.#newest), memory);
    } catch (error) {
      const text = `cannot follow bridge ${this.#newest?.epoch}: ${error}`;
      process.stderr.write(`tautline: ${text}\n`);
      this.#options.onFatal?.(exitCodes.unexpected, text);
      return;
    }
    this.#isChanging = false;
    this.#hearing.tellAnew();
    this.#repeatsSinceUs = Number.POSITIVE_INFINITY;
    this.#counters.runs++;
    this.supervisor.log('info', `follows bridge ${this.epoch}`);
    // Which boards there are, and their alarms.
    this.#ask();
    this.#hearing.look();
  }

  #message(topic: string, payload: Buffer): void {
    if (topic === topics.feed) {
      this.#shipment(payload);
      return;
    }
    const heard = parseTopic(topic);
    const text = payload.toString();
    if (heard?.kind === 'bridge-state') {
      this.#hearing.isOffline = text === OFFLINE;
      this.#hearing.look();
    }
    const { mirror } = this.#run;
    if (this.#isChanging || mirror === undefined) return;
    // The last word on a topic holds, whenever it was said: what came in its place in a shipment already is no news.
    if (heard?.kind === 'session') {
      const session = parseSession(text);
      if (session?.board.id === heard.board && session.epoch === this.epoch) mirror.session(session);
    } else if (heard?.kind === 'alarm') {
      const alarm = parseAlarm(text);
      if (alarm !== undefined && alarm.board === heard.board) mirror.alarm(alarm);
    }
  }

  #shipment(bytes: Buffer): void {
    const nowUs = monotonicUs();
    const header = readShipmentHeader(bytes);
    if (header === undefined) {
      if (this.#counters.unreadable++ === 0)
        this.supervisor.log('warning', `${bytes.length} bytes on ${topics.feed} are not what this version reads`);
      return;
    }
    if (this.#isChanging) {
      this.#newest = header;
      return;
    }
    const { mirror, beganUs } = this.#run;
    if (mirror?.continues(header) !== true) {
      // Two bridges: the one that is followed still speaks. One that is silent is left sooner.
      const minMs = nowUs - this.#hearing.newestUs < HEARD_US ? this.#runMs : Math.min(this.#runMs, RUN_MS_MIN);
      if (nowUs - beganUs < minMs * 1e3) return;
      this.#newest = header;
      void this.#change();
      return;
    }
    this.#newest = header;
    const taken = mirror.take(header, bytes, nowUs);
    if (taken === 'repeated') {
      this.#repeatsSinceUs = Math.min(this.#repeatsSinceUs, nowUs);
      // Nothing but what is here already, for so long: the copy is ahead of the bridge, which cannot be.
      if (nowUs - this.#repeatsSinceUs > SILENCE_MAX_US) void this.#change();
      return;
    }
    this.#repeatsSinceUs = Number.POSITIVE_INFINITY;
    this.#hearing.newestUs = nowUs;
    // Its word that it is online may have been lost.
    this.#hearing.isOffline = false;
    this.#counters.shipments++;
    this.#utcOffset[0] = mirror.clock.utcOffsetUs;
    if (taken === 'hole') this.#ask();
    this.#hearing.look();
  }

  /** The broker tells what is retained once more. */
  #ask(): void {
    if (this.#askTimer !== undefined) return;
    const waitMs = Math.max(0, this.#askedMs + ASK_AGAIN_MS - performance.now());
    this.#askTimer = setTimeout(() => {
      this.#askTimer = undefined;
      this.#askedMs = performance.now();
      this.#link.subscribe();
    }, waitMs);
  }

  /** Once: it is asked for again and again. */
  #deaf(refused: readonly string[]): void {
    if (this.#refused === refused.join()) return;
    this.#refused = refused.join();
    const address = addressOf(this.#options.config.mqtt.url);
    this.supervisor.log(
      'warning',
      `the MQTT broker at ${address} does not let us read ${refused.join(', ')}: see docs/gateways.md`,
    );
  }

  /** The bridge, as an outlet among the others: this gateway is ready when it hears it. */
  #state(): OutletState {
    const { up, detail } = this.#hearing.judge();
    return { name: 'bridge', up, detail, restarts: 0, info: { epoch: this.epoch } };
  }

  /** At the start somebody must see to it. A port that was ours, and is not free in time, is waited for: clients know no other. */
  #fatal(exitCode: number, text: string): void {
    if (this.#stopped !== undefined) return;
    process.stderr.write(`tautline: ${text}\n`);
    if (this.#port === undefined) this.#options.onFatal?.(exitCode, text);
    else setTimeout(() => this.#stopped === undefined && !this.#isChanging && void this.#change(), PORT_AGAIN_MS);
  }
}

/** Just after this shipment. */
const endOf = (header: ShipmentHeader): ShipmentHeader => ({
  ...header,
  feedFrom: header.feedFrom + header.feedSlots,
  eventsFrom: header.eventsFrom + header.eventsSlots,
});

function targetOf({ mqtt, http }: Config) {
  const choice = mqtt.url === '' ? undefined : chooseTarget(mqtt, []);
  const refusal =
    refuseSettings(http) ??
    (choice === undefined
      ? 'a gateway follows a bridge over a broker: set mqtt.url (--set mqtt.url=mqtt://broker:1883), the same as at the bridge, which also needs mqtt.replicate = true'
      : choice.kind === 'wrong'
        ? choice.text
        : undefined);
  if (refusal !== undefined) throw new UserError(refusal, exitCodes.usage);
  if (choice?.kind !== 'target') throw new Error('unreachable: a URL is a target or wrong');
  return choice.target;
}
