// biome-ignore-all lint/suspicious/noExplicitAny: what comes from the wire and from the official client has no types here.
/** A gateway on a real feed, in the thread of the test: what the worker has, without the worker. */
import { EventEmitter, once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import { WebSocket } from 'ws';
import type { Descriptor } from '../../codec/descriptor.js';
import { verdictCode } from '../../deadline/verdict.js';
import { createHealthRecord, type HealthRecord } from '../../feed/events.js';
import { Feed } from '../../feed/feed.js';
import { createFrameRecord } from '../../feed/frame.js';
import { type RingReader, readRings } from '../../feed/outlet-reader.js';
import { linkStates } from '../../feed/slot.js';
import { monotonicUs, utcUs } from '../../host-clock.js';
import { type FromOutlet, type OutletStart, type TextEvent, WAKE } from '../../outlet.js';
import { Gateway } from '../gateway.js';
import { createHttp, type Http } from '../http.js';
import { listen } from '../listen.js';
import { Outbox } from '../phoenix/outbox.js';

const http = { host: '127.0.0.1', port: 0, token: '', origins: [] as string[] };

export const contract = {
  class: 'firm',
  m: 990,
  k: 1000,
  periodUs: 1000,
  jitterUs: 100,
  deadlineUs: 10_000,
  lifespanUs: 250_000,
  leaseUs: 50_000,
  budgets: { firmwareUs: 1000, linkUs: 5000, hostUs: 4000 },
  delivery: { outletUs: 10e6, consumerUs: 100_000 },
} as const;

export const descriptor: Descriptor = {
  name: 'bench',
  mcu: 'test',
  firmware: '1.0.0',
  build: '0'.repeat(64),
  tickHz: 1_000_000,
  baud: 921_600,
  armable: true,
  watchdogMs: 100,
  streams: [
    {
      id: 1,
      name: 'control',
      periodUs: 1000,
      contract,
      signals: ['speed', 'current', 'duty', 'temperature'].map((name) => ({
        name,
        type: 'i32',
        scale: 1,
        offset: 0,
        unit: '1',
      })),
    },
  ],
  commands: [],
};

export interface BenchOptions {
  readonly seconds?: number;
  readonly http?: Partial<typeof http>;
  readonly webDir?: string;
}

export class Bench {
  readonly posted: FromOutlet[] = [];
  readonly feed: Feed;
  readonly gateway: Gateway;
  readonly epoch = '00c0ffee';
  app!: Http;
  private readonly port = new EventEmitter();
  private readonly frame = createFrameRecord();
  private reader!: RingReader;
  private readonly sockets: WebSocket[] = [];
  seq = 0;

  private constructor(private readonly options: BenchOptions) {
    this.feed = Feed.create({ slotsPerSecond: 1000, seconds: options.seconds ?? 30 });
    const start = this.start();
    this.gateway = new Gateway({ start, version: '0.0.0-test', post: (message) => this.posted.push(message) });
    this.reader = readRings(start, this.gateway.topics, this.port as unknown as MessagePort);
    this.gateway.attach(this.reader);
    this.feed.onParked(0, () => setImmediate(() => this.port.emit('message', WAKE)));
  }

  static async open(options: BenchOptions = {}): Promise<Bench> {
    const bench = new Bench(options);
    const auth = { ...http, ...options.http };
    bench.app = await createHttp(bench.gateway, { auth, webDir: options.webDir ?? '/nonexistent' });
    const listening = await listen(bench.app, { host: '127.0.0.1', port: 0 });
    if (!listening.ok) throw new Error(listening.text);
    bench.gateway.port = listening.port;
    bench.addBoard('pico', 0);
    bench.health(0);
    await bench.settled();
    return bench;
  }

  private start(): OutletStart {
    return {
      name: 'gateway',
      consumer: 0,
      feed: this.feed.frames.ring.memory,
      events: this.feed.events.ring.memory,
      feedCursor: this.feed.frames.offset,
      eventsCursor: this.feed.events.offset,
      texts: [],
      config: { http: { ...http, ...this.options.http } } as OutletStart['config'],
      epoch: this.epoch,
      startedUtcUs: utcUs(monotonicUs()),
    };
  }

  /** Host and port. */
  get address(): string {
    return `127.0.0.1:${this.gateway.port}`;
  }

  get url(): string {
    return `ws://${this.address}/socket`;
  }

  text(text: TextEvent): void {
    this.feed.text(text);
    this.feed.wakeParked();
  }

  addBoard(id: string, index: number, more: Partial<Extract<TextEvent, { type: 'board' }>> = {}): void {
    this.text({
      type: 'board',
      index,
      id,
      path: `/dev/test${index}`,
      descriptor,
      boot: '0000002a',
      contracts: { control: contract },
      ...more,
    });
  }

  /** A board that has printed nothing and said nothing yet. */
  addUnknownBoard(id: string, index: number): void {
    this.addBoard(id, index, { descriptor: null, boot: '00000000', contracts: {} });
  }

  /** As after flashing other firmware: the same signals in the opposite order. */
  reflash(boot: string): void {
    const [stream] = descriptor.streams;
    const streams = [{ ...stream!, signals: [...stream!.signals].reverse() }];
    this.addBoard('pico', 0, { boot, descriptor: { ...descriptor, streams } });
  }

  health(board: number, more: Partial<HealthRecord> = {}): void {
    const link = linkStates.indexOf('streaming');
    this.feed.health(
      Object.assign(createHealthRecord(), {
        board,
        link,
        live: true,
        writtenUs: monotonicUs(),
        sinceUs: monotonicUs(),
        ...more,
      }),
    );
    this.feed.wakeParked();
  }

  /** So many frames now, in one chunk; signal i of frame n is n + i / 10. */
  frames(count: number, more: Partial<typeof this.frame> & { readonly ageUs?: number } = {}): void {
    const nowUs = monotonicUs();
    const { ageUs = 1000, ...fields } = more;
    for (let n = 0; n < count; n++) {
      const seq = this.seq++;
      Object.assign(this.frame, {
        stream: 1,
        verdict: verdictCode.met,
        boot: 42,
        verified: true,
        count: 4,
        lateUs: 5,
        execUs: 20,
      });
      Object.assign(this.frame, { seq, releaseUs: seq * 1000, releaseHostUs: nowUs - ageUs, uncertaintyUs: 50 });
      Object.assign(
        this.frame,
        { arrivalUs: nowUs - 10, judgedUs: nowUs, latenessUs: -9000, lifespanUs: 60e6 },
        fields,
      );
      for (let i = 0; i < 4; i++) this.frame.values[i] = seq + i / 10;
      this.feed.frame(this.frame.board, this.frame, this.frame);
    }
    this.frame.board = 0;
    this.feed.wakeParked();
  }

  /** Until the gateway has read everything. */
  async settled(): Promise<void> {
    while (this.reader.offset < this.feed.frames.offset || this.gateway.state.boards.size === 0)
      await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** A raw client; closed with the bench. */
  async connect(query = 'vsn=2.0.0', options: object = {}): Promise<RawClient> {
    const socket = new WebSocket(`${this.url}/websocket?${query}`, options);
    this.sockets.push(socket);
    const client = new RawClient(socket);
    await once(socket, 'open');
    return client;
  }

  /** Joins without a socket, at once: what the client has not read is for the test to say. */
  joinAtOnce(topic: string, payload: Readonly<Record<string, unknown>>) {
    const written: Text[] = [];
    const headBytes = (packet: Uint8Array) => (packet[1]! < 126 ? 2 : packet[1] === 126 ? 4 : 10);
    const parsed = (packet: Uint8Array): Text => JSON.parse(String(Buffer.from(packet.subarray(headBytes(packet)))));
    const wire = {
      bufferedBytes: 0,
      write: (packets: readonly Uint8Array[]) => written.push(...packets.map(parsed)),
      close: () => {},
    };
    const { counters, flusher } = this.gateway.context;
    const outbox = new Outbox(wire, counters, flusher.touch);
    const client = { id: 0, address: '127.0.0.1', name: 'direct' };
    const joined = this.gateway.topics.route({ topic, joinRef: '1', outbox, client }, payload);
    if (joined.ok) joined.channel.joined?.();
    const events = (name: string) => written.filter(([, , , event]) => event === name).map((message) => message[4]);
    return { joined, wire, events };
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.reader.close();
    this.gateway.close();
    await this.app.close();
  }
}

type Text = [joinRef: string | null, ref: string | null, topic: string, event: string, payload: any];

/** Sends and receives the protocol as it is on the wire. */
export class RawClient {
  readonly received: Text[] = [];
  readonly binary: Buffer[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  private nextRef = 1;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => {
      if (isBinary) this.binary.push(data as Buffer);
      else this.received.push(JSON.parse(String(data)));
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) =>
      socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
    );
  }

  send(joinRef: string | null, ref: string | null, topic: string, event: string, payload: unknown = {}): void {
    this.socket.send(JSON.stringify([joinRef, ref, topic, event, payload]));
  }

  /** Sends and waits for the reply's `{status, response}`. */
  async call(topic: string, event: string, payload: unknown = {}, joinRef: string | null = null): Promise<any> {
    const ref = `r${this.nextRef++}`;
    this.send(event === 'phx_join' ? (joinRef ?? ref) : joinRef, ref, topic, event, payload);
    const reply = await this.next((message) => message[1] === ref && message[3] === 'phx_reply');
    return { ...reply[4], joinRef: reply[0] };
  }

  join(topic: string, payload: unknown = {}, joinRef: string | null = null): Promise<any> {
    return this.call(topic, 'phx_join', payload, joinRef);
  }

  events(event: string, topic?: string): Text[] {
    return this.received.filter((message) => message[3] === event && (topic === undefined || message[2] === topic));
  }

  async next(matches: (message: Text) => boolean): Promise<Text> {
    for (;;) {
      const found = this.received.find(matches);
      if (found !== undefined) return found;
      if (this.socket.readyState > 1) throw new Error('the connection ended while a message was awaited');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}
