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
import { addressOf, BrokerConnection, type Session } from '../mqtt/client.js';
import { chooseTarget } from '../mqtt/target.js';
import { subscriptions, topics } from '../mqtt/topics.js';
import type { CommandAnswer, MetricValues, OutletState } from '../outlet.js';
import { Supervisor, type SupervisorLimits } from '../supervisor.js';
import { Mirror } from './mirror.js';
import { Retained } from './retained.js';

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
/** The bridge says how it is each second. */
const SILENCE_MAX_US = 3e6;
const LOOK_MS = 250;
/** A shipment, and what else there may be in its packet. */
const INBOUND_BYTES_MAX = SHIPMENT_HEADER_BYTES + SHIPMENT_SLOTS_MAX * SLOT_BYTES + 1024;
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
}

class RunningReplica implements Replica {
  readonly #options: ReplicaOptions;
  readonly #link: BrokerConnection;
  readonly #retained = new Retained();
  readonly #ticker: NodeJS.Timeout;
  /** UTC of the bridge - monotonic here, for the outlets. */
  readonly #utcOffset = new Float64Array(new SharedArrayBuffer(8));
  #run!: Run;
  /** The outlets of a run that is over are ending. */
  #isChanging = false;
  #newest: ShipmentHeader | undefined;
  #linkDetail = '';
  #isLinkUp = false;
  /** When the newest shipment came. */
  #newestUs = Number.NEGATIVE_INFINITY;
  #toldDetail = '';
  /** Since when the bridge is not heard. */
  #downSinceUs = monotonicUs();
  #isAlarmed = false;
  readonly #counters = { shipments: 0, unreadable: 0, malformed: 0, repeated: 0, lostFeed: 0, lostEvents: 0, runs: 0 };
  #stopped: Promise<readonly string[]> | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    const { url, versions } = targetOf(options.config);
    this.#utcOffset[0] = utcUs(0);
    this.#linkDetail = `connecting to ${addressOf(url)}`;
    const { username, password } = options.config.mqtt;
    this.#run = this.#begin(undefined);
    this.#link = new BrokerConnection(
      {
        url,
        versions,
        username,
        password,
        clientId: `tautline-gateway-${randomBytes(4).toString('hex')}`,
        subscriptions: [
          topics.feed,
          subscriptions.bridgeState,
          subscriptions.availability,
          subscriptions.alarm,
          topics.session('+'),
        ],
        inboundBytesMax: INBOUND_BYTES_MAX,
      },
      {
        up: (session) => this.#up(session),
        down: (text) => this.#down(text),
        acknowledged: () => undefined,
        message: (topic, payload, isRetained) => this.#message(topic, payload, isRetained),
        deaf: (text) => this.supervisor.log('warning', text),
        takenOver: (text) => this.supervisor.log('error', text),
      },
    );
    this.#link.start();
    this.#ticker = setInterval(() => this.#look(), LOOK_MS);
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
    const [stuck] = await Promise.all([this.supervisor.stop(), this.#link.stop([])]);
    return stuck;
  }

  /** A free port, once found, stays: clients come back to it. */
  get #config(): Config {
    const { config } = this.#options;
    const port = this.#run?.supervisor.states.find(({ name }) => name === 'gateway')?.info.port;
    return typeof port === 'number' ? { ...config, http: { ...config.http, port } } : config;
  }

  /** @param header where the run begins; undefined while none is known: clients find a gateway without boards */
  #begin(header: ShipmentHeader | undefined): Run {
    const { explicit = [], console = true, supervisor: limits } = this.#options;
    const config = this.#config;
    const mirror = header && new Mirror(header);
    const feed = mirror?.feed ?? Feed.create({ slotsPerSecond: 1, seconds: 1 });
    const epoch = header?.epoch ?? NO_EPOCH;
    const supervisor = new Supervisor({
      feed,
      config,
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
        metrics: () => this.#metrics(),
      },
    });
    for (const text of this.#retained.texts(epoch)) feed.text(text);
    supervisor.start();
    return { epoch, mirror, supervisor };
  }

  /**
   * Another run of the bridge, or one that is too far ahead. Clients are told by the end of their connections, and find
   * what follows when they are back.
   */
  async #change(): Promise<void> {
    this.#isChanging = true;
    this.#count();
    await this.supervisor.stop();
    if (this.#stopped !== undefined) return;
    this.#isChanging = false;
    this.#counters.runs++;
    this.#run = this.#begin(endOf(this.#newest!));
    this.supervisor.log('info', `follows bridge ${this.epoch}`);
    // What changed meanwhile.
    this.#link.subscribe();
    this.#look();
  }

  #message(topic: string, payload: Buffer, isRetained: boolean): void {
    if (topic === topics.feed) this.#shipment(payload);
    else {
      const text = this.#retained.take(topic, payload.toString(), this.epoch);
      // What is said now comes in a shipment, too, in its place.
      if (isRetained && text !== undefined && !this.#isChanging) this.supervisor.publish(text);
    }
  }

  #shipment(bytes: Buffer): void {
    const receivedUs = monotonicUs();
    const header = readShipmentHeader(bytes);
    if (header === undefined) {
      if (this.#counters.unreadable++ === 0)
        this.supervisor.log(
          'warning',
          `a message of ${bytes.length} bytes on ${topics.feed} is not what this version reads`,
        );
      return;
    }
    this.#newestUs = receivedUs;
    this.#newest = header;
    if (this.#isChanging) return;
    if (this.#run.mirror?.continues(header) !== true) {
      void this.#change();
      return;
    }
    this.#counters.shipments++;
    const { mirror } = this.#run;
    const areEventsLost = mirror!.take(header, bytes, receivedUs);
    this.#utcOffset[0] = mirror!.clock.utcOffsetUs;
    // The broker tells what is retained once more.
    if (areEventsLost) this.#link.subscribe();
    this.#look();
  }

  #up(session: Session): void {
    this.#isLinkUp = true;
    this.#linkDetail = `connected with MQTT ${session.version === 5 ? '5' : '3.1.1'}`;
    this.#look();
  }

  #down(text: string): void {
    this.#isLinkUp = false;
    this.#linkDetail = text;
    this.#look();
  }

  /** The bridge, as an outlet among the others: this gateway is ready when it hears it. */
  #state(): OutletState {
    const { up, detail } = this.#judge();
    return { name: 'bridge', up, detail, restarts: 0, info: { epoch: this.epoch } };
  }

  #judge(): { readonly up: boolean; readonly detail: string } {
    const broker = addressOf(this.#options.config.mqtt.url);
    if (!this.#isLinkUp) return { up: false, detail: this.#linkDetail };
    if (this.#retained.isBridgeOffline)
      return { up: false, detail: `the bridge is offline, says the broker at ${broker}` };
    if (monotonicUs() - this.#newestUs <= SILENCE_MAX_US)
      return { up: true, detail: `follows bridge ${this.epoch} over ${broker}` };
    return { up: false, detail: `no word of a bridge over ${broker}; it needs mqtt.replicate = true and this broker` };
  }

  /** Tells changes: at once to /readyz, and as an alarm what lasts. */
  #look(): void {
    if (this.#isChanging) return;
    const { up, detail } = this.#judge();
    if (detail !== this.#toldDetail) this.supervisor.announce();
    this.#toldDetail = detail;
    const nowUs = monotonicUs();
    if (up) this.#downSinceUs = nowUs;
    const isAway = nowUs - this.#downSinceUs > SILENCE_MAX_US;
    if (isAway === this.#isAlarmed) return;
    this.#isAlarmed = isAway;
    this.supervisor.alarm(
      'bridge-away',
      isAway,
      isAway ? `values are not kept up to date: ${detail}` : 'the bridge is heard',
    );
  }

  #fatal(exitCode: number, text: string): void {
    if (this.#stopped !== undefined) return;
    process.stderr.write(`tautline: ${text}\n`);
    this.#options.onFatal?.(exitCode, text);
  }

  /** What the mirror of a run counted, when it ends. */
  #count(): void {
    const { mirror } = this.#run;
    if (mirror === undefined) return;
    this.#counters.malformed += mirror.malformed;
    this.#counters.repeated += mirror.repeated;
    this.#counters.lostFeed += mirror.lost.feed;
    this.#counters.lostEvents += mirror.lost.events;
  }

  #metrics(): MetricValues {
    const { shipments, unreadable, malformed, repeated, lostFeed, lostEvents, runs } = this.#counters;
    const { mirror } = this.#run;
    return {
      tautline_replica_bridge_up: this.#judge().up ? 1 : 0,
      tautline_replica_runs_total: runs,
      tautline_replica_shipments_total: shipments,
      tautline_replica_unreadable_total: unreadable,
      tautline_replica_malformed_total: malformed + (mirror?.malformed ?? 0),
      tautline_replica_repeated_total: repeated + (mirror?.repeated ?? 0),
      'tautline_replica_lost_slots_total{ring="feed"}': lostFeed + (mirror?.lost.feed ?? 0),
      'tautline_replica_lost_slots_total{ring="events"}': lostEvents + (mirror?.lost.events ?? 0),
      tautline_replica_excess_seconds: (mirror?.clock.excessUs ?? 0) / 1e6,
    };
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
