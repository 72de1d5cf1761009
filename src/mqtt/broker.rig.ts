/** What the integration tests stand on: a real Mosquitto, a subscriber, and the outlet's real worker behind a real feed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { Descriptor } from '../codec/descriptor.js';
import type { Contract } from '../deadline/contract.js';
import { createMissRecord, type MissRecord } from '../feed/events.js';
import { Feed } from '../feed/feed.js';
import type { FrameRecord } from '../feed/frame.js';
import { createFrameRecord } from '../feed/frame.js';
import { monotonicUs } from '../host-clock.js';
import { type FromOutlet, type OutletName, type OutletStart, type TextEvent, WAKE } from '../outlet.js';

const DEADLINE_MS = 30_000;

export async function waitFor<T>(what: string, find: () => T | undefined | null | false): Promise<T> {
  const endMs = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = find();
    if (found) return found;
    if (Date.now() > endMs) throw new Error(`waited ${DEADLINE_MS / 1e3} s for ${what}`);
    await sleep(5);
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** `mosquitto -c file` on a port of its own. */
export class Mosquitto {
  private child: ChildProcess | null = null;
  private readonly dir = mkdtempSync(join(tmpdir(), 'tautline-mosquitto-'));

  private constructor(
    readonly port: number,
    settings: readonly string[],
  ) {
    const lines = [`listener ${port} 127.0.0.1`, 'set_tcp_nodelay true', 'max_queued_messages 0', ...settings];
    if (!settings.some((line) => line.startsWith('allow_anonymous'))) lines.push('allow_anonymous true');
    writeFileSync(join(this.dir, 'mosquitto.conf'), `${lines.join('\n')}\n`);
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child!.pid!;
  }

  static async start(settings: readonly string[] = [], port?: number): Promise<Mosquitto> {
    const broker = new Mosquitto(port ?? (await freePort()), settings);
    await broker.up();
    return broker;
  }

  async up(): Promise<void> {
    this.child = spawn('mosquitto', ['-c', join(this.dir, 'mosquitto.conf')], { stdio: 'ignore' });
    const endMs = Date.now() + DEADLINE_MS;
    while (!(await accepts(this.port))) {
      if (Date.now() > endMs) throw new Error(`mosquitto does not listen on ${this.port}`);
      await sleep(10);
    }
  }

  /** SIGKILL: no goodbye to anybody. */
  async down(): Promise<void> {
    const child = this.child;
    this.child = null;
    if (child === null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.down();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export interface Heard {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
  readonly qos: number;
  readonly expiry: number | undefined;
  readonly atUs: number;
}

/** A client that keeps what it hears. */
export class Subscriber {
  readonly messages: Heard[] = [];
  private constructor(readonly client: MqttClient) {}

  static async start(url: string, topic = 'tautline/#', options: IClientOptions = {}): Promise<Subscriber> {
    const client = mqtt.connect(url, { protocolVersion: 5, reconnectPeriod: 50, ...options });
    const subscriber = new Subscriber(client);
    client.on('error', () => undefined);
    client.on('message', (on, payload, { retain, qos, properties }) => {
      const expiry = properties?.messageExpiryInterval;
      subscriber.messages.push({ topic: on, payload, retain, qos, expiry, atUs: monotonicUs() });
    });
    await new Promise<void>((resolve) => client.subscribe(topic, { qos: 1 }, () => resolve()));
    (client.stream as unknown as { setNoDelay?(on: boolean): void }).setNoDelay?.(true);
    return subscriber;
  }

  on(topic: string): Heard[] {
    return this.messages.filter((message) => message.topic === topic);
  }

  last(topic: string): string | undefined {
    return this.on(topic).at(-1)?.payload.toString();
  }

  json(topic: string): Record<string, unknown>[] {
    return this.on(topic).map((message) => JSON.parse(message.payload.toString()));
  }

  stop(): Promise<void> {
    return this.client.endAsync(true);
  }
}

const contract: Contract = {
  class: 'firm',
  m: 990,
  k: 1000,
  periodUs: 1000,
  jitterUs: 100,
  deadlineUs: 10_000,
  lifespanUs: 250_000,
  leaseUs: 50_000,
  budgets: { firmwareUs: 500, linkUs: 2000, hostUs: 2000 },
  delivery: { outletUs: 20_000, consumerUs: 50_000 },
};

const signal = (name: string, unit: string) => ({ name, type: 'i16', scale: 0.1, offset: 0, unit }) as const;

export const descriptor: Descriptor = {
  id: 'pico',
  name: 'Pico',
  mcu: 'rp2040',
  firmware: '1.0.0',
  build: '0'.repeat(64),
  tickHz: 1000,
  baud: 921_600,
  armable: true,
  watchdogMs: 100,
  streams: [
    {
      id: 0,
      name: 'control',
      periodUs: 1000,
      contract,
      signals: [signal('speed', 'rpm'), signal('current', 'A'), signal('target', 'rpm'), signal('duty', '%')],
    },
  ],
  commands: [],
};

export const boardText: TextEvent = {
  type: 'board',
  index: 0,
  id: 'pico',
  path: 'emulated:pico',
  descriptor,
  boot: '0badcafe',
  contracts: { control: contract },
};

/** A frame that was released, arrived and was judged just now. */
export function freshFrame(seq: number, nowUs = monotonicUs(), lifespanUs = 250_000): FrameRecord {
  const frame = createFrameRecord();
  Object.assign(frame, { seq, boot: 0x0bad_cafe, verified: true, count: 4, lifespanUs, wireBytes: 35 });
  Object.assign(frame, { releaseUs: seq * 1000, releaseHostUs: nowUs - 500, arrivalUs: nowUs, judgedUs: nowUs });
  Object.assign(frame, { uncertaintyUs: 60, latenessUs: -9500 });
  frame.values.set([seq / 10, 1.2, 1500, 42]);
  return frame;
}

export function lateMiss(seq: number, nowUs = monotonicUs()): MissRecord {
  const miss = createMissRecord();
  Object.assign(miss, { verdict: 1, culprit: 3, boot: 0x0bad_cafe, firstSeq: seq, lastSeq: seq, count: 1, cause: 1 });
  Object.assign(miss, { fromUs: nowUs - 12_000, toUs: nowUs, latenessUs: 2000, firmwareUs: 200, linkUs: 800 });
  Object.assign(miss, { hostUs: 11_000, uncertaintyUs: 60, hasEvidence: true, busyUs: 10_500 });
  return miss;
}

export function outletStart(
  name: OutletName,
  mqttSettings: Record<string, unknown>,
  feed: Feed,
  overrides: Partial<OutletStart> = {},
): OutletStart {
  return {
    name,
    consumer: 1,
    feed: feed.frames.ring.memory,
    events: feed.events.ring.memory,
    feedCursor: feed.frames.ring.firstOffset,
    eventsCursor: feed.events.ring.firstOffset,
    texts: [],
    config: { mqtt: { ...mqttDefaults, ...mqttSettings } } as OutletStart['config'],
    epoch: '1234abcd',
    startedUtcUs: Date.now() * 1e3,
    ...overrides,
  };
}

/** The real worker, from dist, behind a real feed. */
export class OutletRig {
  readonly said: FromOutlet[] = [];
  readonly worker: Worker;
  readonly exited: Promise<number>;

  constructor(
    name: OutletName,
    mqttSettings: Record<string, unknown>,
    readonly feed = Feed.create({ slotsPerSecond: 1000, seconds: 30 }),
    overrides: Partial<OutletStart> = {},
  ) {
    const file = new URL(`../../dist/mqtt/${name === 'broker' ? 'broker-worker' : 'worker'}.js`, import.meta.url);
    this.worker = new Worker(file, { workerData: outletStart(name, mqttSettings, feed, overrides) });
    this.worker.on('message', (message: FromOutlet) => this.said.push(message));
    this.worker.on('error', (error) => this.said.push({ type: 'log', level: 'error', text: String(error.stack) }));
    this.exited = new Promise((resolve) => this.worker.once('exit', resolve));
    feed.onParked(1, () => this.worker.postMessage(WAKE));
  }

  frame(frame: FrameRecord): void {
    this.feed.frame(0, frame, frame);
    this.feed.wakeParked();
  }

  miss(miss: MissRecord): void {
    this.feed.miss(miss);
    this.feed.wakeParked();
  }

  text(text: TextEvent): void {
    this.feed.text(text);
    this.feed.wakeParked();
  }

  of<T extends FromOutlet['type']>(type: T): Extract<FromOutlet, { type: T }>[] {
    return this.said.filter((message) => message.type === type) as Extract<FromOutlet, { type: T }>[];
  }

  /** Newest value of a metric. */
  metric(name: string): number | undefined {
    return this.of('metrics').at(-1)?.values[name];
  }

  connected(): Promise<unknown> {
    return waitFor(
      `the outlet to connect; it said ${JSON.stringify(this.of('log'))}`,
      () => this.of('status').at(-1)?.up,
    );
  }

  async stop(): Promise<number> {
    this.worker.postMessage({ type: 'stop' });
    return this.exited;
  }
}

const mqttDefaults = {
  enabled: true,
  url: '',
  embedded: true,
  port: 0,
  username: '',
  password: '',
  frames: false,
  framesQos: 0,
  stateHz: 10,
};
