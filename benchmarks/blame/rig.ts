/**
 * The running bridge between a real board's firmware (the host port, at real-time priority), a broker, and whatever can
 * hold them up; with a probe that tells when the machine itself was late.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { v8Flags } from '#dist/v8-flags.js';
import { freePort, Program, READY_MS, sleep, startMosquitto, temporaryFolder } from '../harness/processes.js';
import {
  type DeliveryRow,
  type FrameRow,
  frameColumns,
  type MissRow,
  missColumns,
  type Order,
  type Ready,
  rows,
} from './records.js';
import { type TrueFrame, truthOf } from './truth.js';

/** The line is so fast that a frame's own bytes take no time worth mentioning: a pseudo-terminal promises none. */
const BAUD = 20_000_000;
/** The board may always run, the probe before it, and hogs only instead of the bridge. */
const priorities = { probe: 60, board: 40, hog: 30 } as const;
/** A machine that wakes its most urgent thread later than this was busy with something else. */
export const FLOOR_LATE_US = 1000;

export interface Late {
  readonly plannedUs: number;
  readonly wokeUs: number;
}

export interface Evidence {
  readonly truth: ReadonlyMap<number, TrueFrame>;
  readonly frames: readonly FrameRow[];
  readonly misses: readonly MissRow[];
  readonly deliveries: readonly DeliveryRow[];
  /** When even the most urgent thread of this machine was late. */
  readonly floor: readonly Late[];
  /** When a thread of the bridge's own priority was: the host stalled. */
  readonly stalls: readonly Late[];
  readonly ready: Ready;
}

export class BlameRig {
  private constructor(
    private readonly folder: string,
    private readonly board: Program,
    private readonly bridge: Program,
    private readonly probe: Program,
    private readonly hostProbe: Program,
    private readonly niceHog: Program,
    private readonly fifoHog: Program,
    readonly broker: Program,
    private readonly ready: Ready,
    private readonly zeroUs: number,
    private readonly httpPort: number,
  ) {}

  static async start(): Promise<BlameRig> {
    const folder = temporaryFolder();
    const log = ['--line-faults', '--line-log', join(folder, 'line')];
    const fifo = ['--fifo', String(priorities.board)];
    const board = Program.start('firmware/build/host/tautline-host-test', ['--baud', String(BAUD), ...fifo, ...log]);
    const [, path] = await board.line(/^port (.+)/);
    const [, zeroNs] = await board.line(/^zero (\d+)/);
    const probe = Program.start('dist/benchmarks/native/floor-probe', [
      String(priorities.probe),
      String(FLOOR_LATE_US),
    ]);
    const hostProbe = Program.start('dist/benchmarks/native/floor-probe', ['0', String(FLOOR_LATE_US)]);
    const niceHog = Program.start('dist/benchmarks/native/hog', ['nice', '-15', '4']);
    const fifoHog = Program.start('dist/benchmarks/native/hog', ['fifo', String(priorities.hog), '1']);
    const { broker, port } = await startMosquitto();
    const httpPort = await freePort();
    // At ordinary priority: what would hold up a loop without rights must be able to hold up this one.
    const settings = [`board.path=${path}`, `board.baud=${BAUD}`, `http.port=${httpPort}`, 'loop.priority=0'];
    const program = ['dist/benchmarks/blame/bridge-process.js', ...settings, `mqtt.url=mqtt://127.0.0.1:${port}`];
    const bridge = Program.start(process.execPath, [...v8Flags, '--expose-gc', ...program]);
    const ready = await bridge.message<Ready>(READY_MS);
    for (const each of [probe, hostProbe, niceHog, fifoHog]) await each.line(/^ready/);
    return new BlameRig(
      folder,
      board,
      bridge,
      probe,
      hostProbe,
      niceHog,
      fifoHog,
      broker,
      ready,
      Number(zeroNs) / 1e3,
      httpPort,
    );
  }

  tell(order: Order): void {
    this.bridge.tell(order);
  }

  command(name: string, value: number): void {
    this.tell({ type: 'command', name, value });
  }

  line(fault: 'delay' | 'drop' | 'flip', value: number): void {
    this.board.say(`${fault} ${value}`);
  }

  hog(kind: 'nice' | 'fifo', us: number): void {
    (kind === 'nice' ? this.niceHog : this.fifoHog).say(String(us));
  }

  async stop(us: number): Promise<void> {
    this.bridge.child.kill('SIGSTOP');
    await sleep(us / 1e3);
    this.bridge.child.kill('SIGCONT');
  }

  /** The broker stands for so long. */
  async stopBroker(ms: number): Promise<void> {
    this.broker.child.kill('SIGSTOP');
    await sleep(ms);
    this.broker.child.kill('SIGCONT');
  }

  /** A client that takes so long to paint what it gets, for a while; beside it one that paints at once. */
  async readSlowly(paintMs: number, forMs: number): Promise<void> {
    const slow = reader(this.httpPort, 'slow', paintMs);
    const quick = reader(this.httpPort, 'quick', 1);
    await sleep(forMs);
    slow.close();
    quick.close();
  }

  /** Ends everything, and gives what each of them has written down. */
  async finish(): Promise<Evidence> {
    const file = join(this.folder, 'bridge');
    this.tell({ type: 'finish', file });
    await this.bridge.exited;
    await this.board.end();
    await Promise.all([this.probe, this.hostProbe, this.niceHog, this.fifoHog, this.broker].map((each) => each.end()));
    const { ready, zeroUs } = this;
    const evidence: Evidence = {
      truth: truthOf(readFileSync(join(this.folder, 'line')), ready, zeroUs),
      frames: rows(readFileSync(`${file}.frames`), frameColumns),
      misses: rows(readFileSync(`${file}.misses`), missColumns),
      deliveries: JSON.parse(readFileSync(`${file}.deliveries`, 'utf8')) as DeliveryRow[],
      floor: lateIn(this.probe),
      stalls: lateIn(this.hostProbe),
      ready,
    };
    return evidence;
  }
}

/** What a floor probe that has ended has told. */
export function lateIn(probe: Program): Late[] {
  const late = probe.lines.flatMap((line) => {
    const found = /^late \d+ (\d+) (\d+)/.exec(line);
    return found === null ? [] : [{ plannedUs: Number(found[1]) / 1e3, wokeUs: Number(found[2]) / 1e3 }];
  });
  return late.sort((a, b) => a.plannedUs - b.plannedUs);
}

/** Joins the frames and acknowledges each batch when it is painted. */
function reader(httpPort: number, name: string, paintMs: number): WebSocket {
  const topic = 'frames:host';
  const socket = new WebSocket(`ws://127.0.0.1:${httpPort}/socket/websocket?vsn=2.0.0&name=${name}`);
  const push = (event: string, payload: object) => socket.send(JSON.stringify(['1', '1', topic, event, payload]));
  socket.on('open', () => push('phx_join', { encoding: 'json', batch: true }));
  // A bridge that is gone is told of by whoever waits for it.
  socket.on('error', ({ message }) => process.stderr.write(`reader ${name}: ${message}\n`));
  socket.on('message', (data) => {
    const [, , , event, payload] = JSON.parse(String(data)) as [string, string, string, string, { offset: number }];
    if (event !== 'frames') return;
    const ack = () => {
      if (socket.readyState === WebSocket.OPEN) push('ack', { offset: payload.offset, paintedUs: paintMs * 1000 });
    };
    setTimeout(ack, paintMs);
  });
  return socket;
}
