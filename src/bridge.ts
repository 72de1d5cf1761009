/**
 * Puts the bridge together: boards with their loops on this thread, outlets in workers, the rings between them. The only
 * file that knows everybody.
 */
import { randomBytes } from 'node:crypto';
import { AttachedBoard, type AttachedBoardOptions } from './attached-board.js';
import { parseSelector } from './board/port-selector.js';
import { Scout } from './board/scout.js';
import type { Config } from './config.js';
import { exitCodes, UserError } from './exit-codes.js';
import { Feed } from './feed/feed.js';
import { refuseSettings } from './gateway/auth.js';
import { monotonicUs, utcUs } from './host-clock.js';
import { type LoopPriority, lowerLoopPriority, raiseLoopPriority } from './loop-priority.js';
import { chooseTarget } from './mqtt/target.js';
import type { BoardCommand, CommandAnswer, MetricValues, OutletName } from './outlet.js';
import { Supervisor, type SupervisorLimits } from './supervisor.js';
import { within } from './within.js';

export interface BridgeOptions {
  readonly config: Config;
  /** Keys that the user set: what was chosen does not move. */
  readonly explicit?: readonly string[];
  /** End instead of waiting when a port or the broker is absent. */
  readonly once?: boolean;
  /** Whether to tell on stderr what happens; default true. */
  readonly console?: boolean;
  /** How soon a worker that ends is started again, and when one counts as hung; for tests. */
  readonly supervisor?: Partial<SupervisorLimits>;
  /** In place of each board's loop: one that writes down what it is given. */
  readonly createLoop?: AttachedBoardOptions['createLoop'];
  /** Called when the bridge cannot go on, with the reason, which has been printed. */
  readonly onFatal?: (exitCode: number, text: string) => void;
}

export interface Bridge {
  /** This run: 8 hex digits. */
  readonly epoch: string;
  readonly boards: readonly AttachedBoard[];
  readonly supervisor: Supervisor;
  readonly feed: Feed;
  command(command: BoardCommand): Promise<CommandAnswer>;
  /**
   * Within 2 s, whatever hangs.
   * @returns outlets and ports that could not be ended: they wait in a system call, and only SIGKILL ends such a process
   */
  stop(): Promise<readonly string[]>;
}

const TICK_MS = 5;
/** For the ports to close; an emulator that does not end is killed after 1.5 s. */
const CLOSE_BOUND_MS = 1700;
const BOARDS_MAX = 64;
/** What a board is taken to send until it has told; a faster one makes the ring remember less. */
const SLOTS_PER_SECOND_EACH = 1000;

/** @throws UserError when the settings cannot be served as they are */
export function startBridge(options: BridgeOptions): Bridge {
  return new RunningBridge(options);
}

class RunningBridge implements Bridge {
  readonly epoch = randomBytes(4).toString('hex');
  readonly feed: Feed;
  readonly boards: readonly AttachedBoard[];
  readonly supervisor: Supervisor;
  readonly #options: BridgeOptions;
  readonly #priority: LoopPriority;
  readonly #ticker: NodeJS.Timeout;
  #scout: Scout | undefined;
  #stopped: Promise<readonly string[]> | undefined;

  constructor(options: BridgeOptions) {
    this.#options = options;
    const { config, explicit = [] } = options;
    refuseWrong(config);
    this.#priority = raiseLoopPriority(config.loop.priority);
    const slotsPerSecond = Math.max(1, config.boards.length) * SLOTS_PER_SECOND_EACH;
    this.feed = Feed.create({ slotsPerSecond, seconds: config.feed.seconds });
    this.supervisor = new Supervisor({
      feed: this.feed,
      config,
      explicit,
      epoch: this.epoch,
      startedUtcUs: Math.round(utcUs(monotonicUs())),
      outlets: outletsOf(config, options.console ?? true),
      ...(options.supervisor === undefined ? {} : { limits: options.supervisor }),
      handlers: {
        command: (command) => this.command(command),
        fatal: (exitCode, text) => this.#fatal(exitCode, text),
        status: (status, from) => this.#onStatus(status, from),
        metrics: () => this.#metrics(),
      },
    });
    this.boards = config.boards.map((board, index) => this.#attach(board, index));
    this.#tellPriority();
    this.supervisor.start();
    for (const board of this.boards) board.start();
    this.#ticker = setInterval(() => {
      const nowUs = monotonicUs();
      for (const board of this.boards) board.tick(nowUs);
    }, TICK_MS);
  }

  command(command: BoardCommand): Promise<CommandAnswer> {
    const board = this.boards.find(({ loop }) => loop.id === command.board);
    if (board === undefined) {
      const known = this.boards.map(({ loop }) => loop.id).join(', ');
      return Promise.resolve({
        ok: false,
        code: 'unknown-board',
        detail: `no board "${command.board}"; there are ${known}`,
      });
    }
    return new Promise((resolve) => board.ask(command, resolve));
  }

  stop(): Promise<readonly string[]> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<readonly string[]> {
    clearInterval(this.#ticker);
    // That the boards are gone is in the rings before the outlets are asked to end. Closing the ports may take its time.
    const closed = this.boards.map((board) => board.stop());
    this.feed.wakeParked();
    const closing = within(Promise.all([this.#scout?.stop(), ...closed]), CLOSE_BOUND_MS);
    const [stuck] = await Promise.all([this.supervisor.stop(), closing]);
    lowerLoopPriority(this.#priority);
    const held = this.boards.filter(({ connection }) => connection.isHeld);
    return [...stuck, ...held.map(({ path }) => path)];
  }

  /** A refusal is worth a line only to who asked; for the others `tautline doctor` has it. */
  #tellPriority(): void {
    const { priority, refusal } = this.#priority;
    const isAsked = this.#options.explicit?.includes('loop.priority') ?? false;
    if (priority > 0) this.supervisor.log('info', `the loop runs at real-time priority ${priority}`);
    else if (refusal !== null && isAsked)
      this.supervisor.log('warning', `the loop runs at ordinary priority: ${refusal}; see docs/operations.md`);
  }

  #attach(config: Config['boards'][number], index: number): AttachedBoard {
    const { createLoop } = this.#options;
    return new AttachedBoard({
      index,
      config,
      feed: this.feed,
      once: this.#options.once ?? false,
      isOnly: this.#options.config.boards.length === 1,
      resolve: (name) => this.#resolve(name),
      isTaken: (id) => this.boards.some(({ loop }, other) => other !== index && loop.id === id),
      onFatal: (exitCode, text) => this.#fatal(exitCode, text),
      ...(createLoop === undefined ? {} : { createLoop }),
    });
  }

  /** Only names that are no paths need somebody who knows the ports. */
  async #resolve(name: string): Promise<string | null> {
    if (parseSelector(name) === null) return name;
    this.#scout ??= new Scout({ onChange: () => this.#tryAbsent() });
    return this.#scout.resolve(name);
  }

  #tryAbsent(): void {
    for (const { connection } of this.boards) connection.tryNow();
  }

  /** The embedded broker is never absent: where it cannot start, it says so itself. */
  #onStatus({ up, detail }: { readonly up: boolean; readonly detail: string }, from: OutletName): void {
    const { once, config } = this.#options;
    const isBroker = from === 'mqtt' && config.mqtt.url !== '';
    if (once && isBroker && !up) this.#fatal(exitCodes.broker, detail);
  }

  #fatal(exitCode: number, text: string): void {
    if (this.#stopped !== undefined) return;
    process.stderr.write(`tautline: ${text}\n`);
    this.#options.onFatal?.(exitCode, text);
  }

  #metrics(): MetricValues {
    const values: Record<string, number> = {
      tautline_loop_realtime_priority: this.#priority.priority,
      tautline_retained_forgotten_total: this.feed.retained.forgotten,
    };
    for (const { loop, connection } of this.boards) {
      const board = `board="${loop.id}"`;
      const port = connection.counters;
      values[`tautline_port_opens_total{${board}}`] = port.opens;
      values[`tautline_port_failures_total{${board}}`] = port.failures;
      values[`tautline_port_lost_total{${board}}`] = port.hangups + port.replaced;
      values[`tautline_port_hung_closes_total{${board}}`] = port.hungCloses;
      values[`tautline_port_refused_writes_total{${board}}`] = connection.refusedMessages;
      values[`tautline_commands_total{${board}}`] = loop.control.commands.counters.sent;
      values[`tautline_heartbeats_withheld_total{${board}}`] = loop.control.heartbeat.counters.withheld;
      const { malformedFrames, unknownFrames, echoedFrames } = loop.decoder.counters;
      values[`tautline_messages_ignored_total{${board},why="malformed"}`] = malformedFrames;
      values[`tautline_messages_ignored_total{${board},why="unknown"}`] = unknownFrames;
      values[`tautline_messages_ignored_total{${board},why="echoed"}`] = echoedFrames;
      values[`tautline_board_lines_held_total{${board}}`] = loop.report.heldLines;
      values[`tautline_unknown_stream_frames_total{${board}}`] = loop.unknownStreamFrames;
      values[`tautline_refused_board_frames_total{${board}}`] = loop.refusedFrames;
      values[`tautline_clock_steps_total{${board}}`] = loop.clock.steps;
      values[`tautline_board_times_refused_total{${board}}`] = loop.deviceTime.slips;
      values[`tautline_clock_rate_changes_total{${board}}`] = loop.clock.rateChanges;
      for (const { name, monitor } of loop.board.streams) {
        values[`tautline_sequence_jumps_total{${board},stream="${name}"}`] = monitor.sequenceJumps;
        values[`tautline_jitter_exceeded_total{${board},stream="${name}"}`] = monitor.counters.jitterExceeded;
      }
    }
    return values;
  }
}

/** What an outlet would refuse is refused before anything runs. */
function refuseWrong({ boards, http, mqtt }: Config): void {
  if (boards.length > BOARDS_MAX) {
    const text = `there are ${boards.length} [[boards]]: one bridge takes at most ${BOARDS_MAX}; give the others a bridge of their own`;
    throw new UserError(text, exitCodes.usage);
  }
  const broker = mqtt.enabled ? chooseTarget(mqtt, []) : null;
  const refusal = refuseSettings(http) ?? (broker?.kind === 'wrong' ? broker.text : undefined);
  if (refusal !== undefined) throw new UserError(refusal, exitCodes.usage);
}

/** In the order in which they are woken: who is watched by people first. */
function outletsOf(config: Config, console: boolean): OutletName[] {
  const outlets: OutletName[] = ['gateway'];
  if (config.mqtt.enabled) {
    outlets.push('mqtt');
    if (config.mqtt.url === '' && config.mqtt.embedded) outlets.push('broker');
  }
  if (console) outlets.push('console');
  return outlets;
}
