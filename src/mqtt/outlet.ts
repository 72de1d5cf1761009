/** The outlet as a whole: connection, publisher and timers, and what the supervisor hears of them. */
import { Pulse } from '../delivery/pulse.js';
import type { RingHandlers, RingReader } from '../feed/outlet-reader.js';
import { Ring } from '../feed/ring.js';
import { Shipper } from '../feed/shipper.js';
import type { FromOutlet, OutletStart, OutletState, TextEvent } from '../outlet.js';
import { AckWatch } from './ack-watch.js';
import { AlarmBoard } from './alarm-board.js';
import { Backoff } from './backoff.js';
import { OFFLINE } from './birth.js';
import {
  addressOf,
  BrokerConnection,
  type ConnectionHandlers,
  type ConnectionOptions,
  type Session,
} from './client.js';
import { BrokerDelivery } from './delivery.js';
import { MqttMetrics } from './metrics.js';
import { Outbound } from './outbound.js';
import { encodePublish } from './packet.js';
import { Publisher, type PublisherClock } from './publisher.js';
import { chooseTarget, type Target } from './target.js';
import { subscriptions, topics } from './topics.js';

const REPORT_MS = 1000;
const TIMER_MAX_MS = 60_000;
const EXIT_USAGE = 2;
/** How long a frame may wait in the ring before it is the newest state, where states are no more frequent. */
const STATES_MS = 20;
/** The same, of frames for gateways elsewhere: what ten frames of 1 kHz need of everybody on their way is little more than one does. */
const SHIPMENT_MS = 10;

export class MqttOutlet {
  private readonly metrics = new MqttMetrics();
  private readonly pulse = new Pulse();
  private readonly delivery = new BrokerDelivery(this.metrics, this.pulse);
  private readonly out: Outbound;
  private readonly publisher: Publisher;
  private readonly alarms: AlarmBoard;
  private connection: BrokerConnection | null = null;
  private reader: Pick<RingReader, 'look'> | null = null;
  private url = '';
  /** Null unless mqtt.replicate is on. */
  private readonly shipper: Shipper | null;
  private dueTimer: NodeJS.Timeout | null = null;
  private dueUs = Number.POSITIVE_INFINITY;
  private reportTimer: NodeJS.Timeout | null = null;
  private pulseTimer: NodeJS.Timeout | null = null;
  private sessions = 0;
  private onConnected: () => void = () => {};
  /** Resolves when there has been a connection. */
  readonly connected = new Promise<void>((resolve) => {
    this.onConnected = resolve;
  });
  private readonly acks = new AckWatch();
  private lastTrouble = '';
  private lastDeafness = '';

  /** What the ring reader calls. */
  readonly handlers: RingHandlers = {
    frame: (frame, offset) => this.publisher.frame(frame, offset),
    miss: (miss) => this.publisher.miss(miss),
    health: (health) => this.publisher.health(health),
    text: (text) => this.text(text),
    lost: (slots) => {
      this.metrics.lostSlots += slots;
    },
    batchEnd: () => this.batchEnd(),
  };

  /** @param version of the package, for bridge/info */
  constructor(
    private readonly given: OutletStart,
    version: string,
    private readonly post: (message: FromOutlet) => void,
    private readonly clock: PublisherClock,
    private readonly backoff = new Backoff(),
  ) {
    const { epoch, startedUtcUs, config } = given;
    this.alarms = new AlarmBoard(post);
    const wire = {
      pendingBytes: () => this.connection?.pendingBytes ?? 0,
      write: (packet: Buffer) => this.connection?.write(packet) ?? false,
    };
    this.out = new Outbound(wire, this.metrics, (event, nowUs) => this.publisher.acknowledged(event, nowUs));
    const options = {
      stateHz: config.mqtt.stateHz,
      frames: config.mqtt.frames,
      framesQos: config.mqtt.framesQos as 0 | 1,
      replicate: config.mqtt.replicate,
      info: { version, epoch, startedUtcUs },
      warn: (text: string) => this.log('warning', text),
      isConfigured: (index: number) => config.boards[index]?.id !== undefined,
      onSecondBridge: () => this.alarms.secondBridge(this.clock.nowUs()),
    };
    const { feed, events, feedCursor, eventsCursor } = given;
    const cursors = { feed: feedCursor, events: eventsCursor };
    const ship = () => new Shipper(new Ring(feed), new Ring(events), cursors, epoch, clock);
    this.shipper = config.mqtt.replicate ? ship() : null;
    this.publisher = new Publisher(options, this.out, this.metrics, this.delivery, clock);
    // Whose alarms they are must be known first.
    const isBoard = (text: TextEvent) => text.type === 'board';
    for (const text of given.texts.filter(isBoard)) this.text(text);
    for (const text of given.texts.filter((each) => !isBoard(each))) this.text(text);
    this.publisher.resumed();
  }

  start(): void {
    this.reportTimer = setInterval(() => this.report(), REPORT_MS);
    this.pulseTimer = setInterval(() => this.pulse.beat(this.clock.nowUs()), Pulse.intervalMs);
    const choice = chooseTarget(this.given.config.mqtt, []);
    const waitsFor =
      choice.kind === 'target' ? `connecting to ${addressOf(choice.target.url)}` : 'waiting for the embedded broker';
    this.post({ type: 'ready', info: {}, waitsFor });
    this.outlets([]);
  }

  /** Frames are awaited one by one only where each is published; states are made from what is there when they are due. */
  attach(reader: Pick<RingReader, 'patience' | 'look'>): void {
    this.reader = reader;
    const { frames, replicate, stateHz } = this.given.config.mqtt;
    reader.patience(frames ? 0 : Math.min(replicate ? SHIPMENT_MS : STATES_MS, Math.floor(1000 / stateHz)));
  }

  /** The supervisor's news of the other outlets: the embedded broker's port is among them. */
  outlets(outlets: readonly OutletState[]): void {
    const choice = chooseTarget(this.given.config.mqtt, outlets);
    if (choice.kind === 'wrong') this.post({ type: 'fatal', exitCode: EXIT_USAGE, text: choice.text });
    else if (choice.kind === 'target') this.aim(choice.target);
  }

  /** Says goodbye in order: retained offline, then DISCONNECT. */
  async stop(): Promise<void> {
    for (const timer of [this.reportTimer, this.pulseTimer]) if (timer !== null) clearInterval(timer);
    if (this.dueTimer !== null) clearTimeout(this.dueTimer);
    const session = this.out.connection;
    await this.connection?.stop(session === null ? [] : this.publisher.goodbye(session.version));
  }

  private aim(target: Target): void {
    if (target.url === this.url) return;
    this.url = target.url;
    const options = this.connectionOptions(target);
    if (this.connection !== null) {
      this.connection.retarget(options);
      return;
    }
    const handlers: ConnectionHandlers = {
      up: (session) => this.up(session),
      down: (text, retryMs, wasUp) => this.down(text, retryMs, wasUp),
      acknowledged: (packetId, reasonCode) => this.publisher.puback(packetId, reasonCode),
      message: (topic, payload, retained) => this.publisher.message(topic, payload, retained),
      deaf: (text) => this.deaf(text),
      takenOver: (text) => this.alarms.takenOver(text, this.clock.nowUs()),
    };
    this.connection = new BrokerConnection(options, handlers, this.backoff);
    this.connection.start();
  }

  private connectionOptions({ url, versions }: Target): ConnectionOptions {
    const { username, password } = this.given.config.mqtt;
    return {
      url,
      versions,
      username,
      password,
      clientId: `tautline-${this.given.epoch}`,
      will: { topic: topics.bridgeState, payload: OFFLINE },
      subscriptions: Object.values(subscriptions),
    };
  }

  private up(session: Session): void {
    if (this.sessions++ > 0) this.metrics.reconnects++;
    this.lastTrouble = '';
    this.onConnected();
    const version = session.version === 5 ? 'MQTT 5' : 'MQTT 3.1.1';
    const detail = `connected to ${addressOf(this.url)}, ${version}`;
    this.log('info', `mqtt: ${detail}`);
    this.post({ type: 'status', up: true, detail });
    this.alarms.connected();
    // What the rings hold came before what the topics are about to say.
    this.out.up(session);
    this.ship();
    this.publisher.up(session);
    this.arm(this.publisher.tick());
  }

  private down(text: string, retryMs: number | null, wasUp: boolean): void {
    if (wasUp) this.publisher.down();
    const next = retryMs === null ? 'given up' : 'trying again';
    // The same trouble is said once, not at every try; the status carries it all the while.
    if (text !== this.lastTrouble) this.log('warning', `${text}; ${next}`);
    this.lastTrouble = text;
    this.post({ type: 'status', up: false, detail: text });
  }

  private deaf(text: string): void {
    if (text !== this.lastDeafness) this.log('warning', text);
    this.lastDeafness = text;
  }

  private text(text: TextEvent): void {
    if (text.type === 'alarm') this.alarms.heard(text, this.clock.nowUs());
    this.publisher.text(text);
  }

  private batchEnd(): void {
    this.connection?.cork();
    // First what came in its place, then what topics say of it.
    this.ship();
    this.publisher.batchEnd();
    this.connection?.uncork();
    this.arm(this.publisher.dueUs());
  }

  /** What the broker does not take now stays in the rings. */
  private ship(): void {
    const { shipper, out } = this;
    while (shipper !== null && out.ready) {
      const shipment = shipper.take();
      if (shipment === undefined) return;
      const publication = { topic: topics.feed, qos: 0, retain: false, packetId: 0, expirySeconds: 0 } as const;
      out.packet('feed', encodePublish(out.connection!.version, publication, shipment));
    }
  }

  private arm(dueUs: number): void {
    if (dueUs >= this.dueUs) return;
    if (this.dueTimer !== null) clearTimeout(this.dueTimer);
    this.dueUs = dueUs;
    const delayMs = Math.min(TIMER_MAX_MS, Math.max(0, Math.ceil((dueUs - this.clock.nowUs()) / 1e3)));
    this.dueTimer = setTimeout(() => {
      this.dueTimer = null;
      this.dueUs = Number.POSITIVE_INFINITY;
      this.reader?.look();
      this.ship();
      this.arm(this.publisher.tick());
    }, delayMs);
  }

  private report(): void {
    // While the broker is away nothing else looks at it.
    this.shipper?.keepUp();
    this.metrics.lostShipmentSlots = this.shipper?.lostSlots ?? 0;
    if (this.acks.look(this.out.inFlight, this.out.acknowledgements))
      this.connection?.renew('has acknowledged nothing for a minute');
    this.post({ type: 'metrics', values: this.metrics.values(this.out.depth, this.out.connection !== null) });
    for (const miss of this.delivery.misses.take()) this.post(miss);
    this.alarms.losses(this.metrics, this.clock.nowUs());
  }

  private log(level: 'info' | 'warning', text: string): void {
    this.post({ type: 'log', level, text });
  }
}
