/** Arms whose latency a subscriber sees: WebSocket or MQTT, by one probe for all. */
import { monotonicUs } from '#dist/host-clock.js';
import type { Awaited } from '../first-frame.js';
import type { ProbeAnswer, ProbeRequest, ProbeTask } from '../probe.js';
import type { Arm, Window } from './arms.js';
import {
  type RunningBridge,
  type Settings,
  startFloor,
  startGateway,
  startNodeRed,
  startTautline,
  startTextbook,
  tautlineSettings,
} from './bridges.js';
import { freePort, Program, READY_MS, sleep } from './processes.js';
import { plannedIn, RATE_HZ } from './shortfall.js';
import { Board, LineSource } from './sources.js';

export type Outlet = 'websocket' | 'mqtt' | 'command';

class Probe {
  private constructor(
    private readonly program: Program,
    private readonly task: ProbeTask,
  ) {}

  static start(task: ProbeTask): Probe {
    return new Probe(Program.start(process.execPath, ['dist/benchmarks/probe.js', JSON.stringify(task)]), task);
  }

  /** Resolves when the first frame of a board has come that was told to speak at `sinceUs`. */
  async first(awaits: Awaited): Promise<void> {
    await this.program.ask({ awaits }, READY_MS);
  }

  async window(request: ProbeRequest, bridge: Program): Promise<Window> {
    const cpuBefore = bridge.cpuSeconds();
    const beganMs = performance.now();
    const answered = this.program.ask<ProbeAnswer>(request, request.measureMs + READY_MS);
    const { latenciesUs, skipped, commands } = await answered;
    const sent = this.task.to === 'command' ? commands : plannedIn(request.measureMs);
    return {
      latenciesUs: Float64Array.from(latenciesUs).sort(),
      frames: { came: latenciesUs.length, sent },
      skipped,
      cpu: (bridge.cpuSeconds() - cpuBefore) / ((performance.now() - beganMs) / 1e3),
      rssMiB: bridge.rssMiB(),
    };
  }

  end(): Promise<void> {
    return this.program.end();
  }
}

/** Until a probe is connected and subscribed; after that comes the warm-up. */
const CONNECT_MS = 600;

/** What a row changes of the arm that all rows have. */
export interface TautlineOptions {
  readonly name?: string;
  readonly settings?: Settings;
  /** The subscriber is one of a gateway that follows the bridge. */
  readonly isElsewhere?: boolean;
  /** Of the subscriber. */
  readonly qos?: 0 | 1;
}

class TautlineArm implements Arm {
  readonly name: string;
  readonly isOurs = true;
  #board!: Board;
  #bridge!: RunningBridge;
  #gateway: RunningBridge | undefined;
  #probe!: Probe;

  constructor(
    private readonly outlet: Outlet,
    private readonly mqttPort: number,
    private readonly options: TautlineOptions,
  ) {
    this.name = options.name ?? 'Tautline';
  }

  async start(): Promise<void> {
    this.#board = await Board.start(RATE_HZ);
    const settings = tautlineSettings(this.#board.port, await freePort(), this.mqttPort);
    this.#bridge = await startTautline({ ...settings, ...this.options.settings });
    await this.#bridge.program.line(/streaming binary/);
    const { qos = 0 } = this.options;
    if (this.options.isElsewhere) this.#gateway = await startGateway(this.mqttPort);
    const http = `127.0.0.1:${this.#served.httpPort}`;
    const task: ProbeTask =
      this.outlet === 'mqtt'
        ? {
            to: 'mqtt',
            address: `mqtt://127.0.0.1:${this.mqttPort}`,
            topic: 'tautline/host/control/frames',
            columns: true,
            qos,
          }
        : this.outlet === 'command'
          ? { to: 'command', address: `http://${http}`, board: 'host' }
          : { to: 'tautline', address: `ws://${http}`, board: 'host' };
    this.#probe = Probe.start(task);
    await sleep(CONNECT_MS);
    this.#board.rest();
  }

  /** What the subscriber is connected to. */
  get #served(): RunningBridge {
    return this.#gateway ?? this.#bridge;
  }

  async window(settleMs: number, measureMs: number): Promise<Window> {
    const sinceUs = monotonicUs();
    await this.#board.speak();
    const { zeroUs } = this.#board;
    await this.#probe.first({ zeroUs, sinceUs });
    await sleep(settleMs);
    const window = await this.#probe.window({ measureMs, zeroUs }, this.#served.program);
    this.#board.rest();
    return window;
  }

  pause(): void {
    // Its client would go on giving commands, and what it has given meanwhile would come all at once.
    if (this.outlet !== 'command') this.#bridge.program.pause();
    this.#gateway?.program.pause();
  }

  resume(): void {
    this.#bridge.program.resume();
    this.#gateway?.program.resume();
  }

  async end(): Promise<void> {
    await this.#probe?.end();
    await this.#gateway?.program.end();
    await this.#bridge?.program.end();
    await this.#board?.end();
  }
}

interface Peer {
  readonly name: string;
  readonly topic: string;
  readonly path: string;
  /** Of the subscriber. */
  readonly qos?: 0 | 1;
  start(port: string, mqttPort: number, outlet: Outlet): Promise<RunningBridge>;
}

/** A bridge that reads lines. */
class PeerArm implements Arm {
  readonly name: string;
  readonly isOurs = false;
  #source!: LineSource;
  #bridge!: RunningBridge;
  #probe!: Probe;

  constructor(
    private readonly peer: Peer,
    private readonly outlet: Outlet,
    private readonly mqttPort: number,
  ) {
    this.name = peer.name;
  }

  async start(): Promise<void> {
    this.#source = await LineSource.start(RATE_HZ);
    this.#bridge = await this.peer.start(this.#source.port, this.mqttPort, this.outlet);
    const { topic, path, qos = 0 } = this.peer;
    this.#probe = Probe.start(
      this.outlet === 'mqtt'
        ? { to: 'mqtt', address: `mqtt://127.0.0.1:${this.mqttPort}`, topic, columns: false, qos }
        : { to: 'websocket', address: `ws://127.0.0.1:${this.#bridge.httpPort}${path}` },
    );
    await sleep(CONNECT_MS);
  }

  async window(settleMs: number, measureMs: number): Promise<Window> {
    const sinceUs = monotonicUs();
    this.#source.speak();
    await this.#probe.first({ zeroUs: 0, sinceUs });
    await sleep(settleMs);
    const window = await this.#probe.window({ measureMs, zeroUs: 0 }, this.#bridge.program);
    const sourceLateUs = await this.#source.rest();
    return { ...window, sourceLateUs };
  }

  async end(): Promise<void> {
    await this.#probe?.end();
    await this.#bridge?.program.end();
    await this.#source?.end();
  }
}

const peers = {
  floor: {
    name: 'C floor',
    topic: 'floor/frames',
    path: '/',
    start: startFloor,
  },
  textbook: {
    name: 'textbook',
    topic: 'textbook/frames',
    path: '/',
    start: (port, mqttPort) => startTextbook(port, mqttPort, 'plain'),
  },
  textbookNodelay: {
    name: 'textbook_nodelay',
    topic: 'textbook_nodelay/frames',
    path: '/',
    start: (port, mqttPort) => startTextbook(port, mqttPort, 'nodelay'),
  },
  textbookQos1: {
    name: 'textbook_qos1',
    topic: 'textbook_qos1/frames',
    path: '/',
    qos: 1,
    start: (port, mqttPort) => startTextbook(port, mqttPort, 'qos1'),
  },
  nodeRed: {
    name: 'Node-RED',
    topic: 'nodered/frames',
    path: '/frames',
    start: (port, mqttPort, outlet) => startNodeRed(port, mqttPort, outlet === 'mqtt' ? 'mqtt' : 'websocket'),
  },
} satisfies Record<string, Peer>;

export const tautlineArm = (outlet: Outlet, mqttPort: number, options: TautlineOptions = {}): Arm =>
  new TautlineArm(outlet, mqttPort, options);
export const commandArm = (): Arm =>
  new TautlineArm('command', 0, { name: 'a WebSocket client', settings: { 'mqtt.enabled': false } });
export const peerArm = (peer: keyof typeof peers, outlet: Outlet, mqttPort: number): Arm =>
  new PeerArm(peers[peer], outlet, mqttPort);
