/** The loop of a board that speaks text, in virtual time. */
import { type BoardMessage, ScriptedBoard, type ScriptedBoardOptions } from '../../board/testing/scripted-board.js';
import { encodeText } from '../../codec/encode.js';
import type { HostMessage } from '../../codec/message.js';
import { decodeText } from '../../codec/text.js';
import type { BoardConfig } from '../../config.js';
import { Evidence, type LookTimer, type WatchedThread } from '../../deadline/evidence.js';
import type { Miss } from '../../deadline/misses.js';
import type { HealthRecord, StatsRecord } from '../../feed/events.js';
import { Feed } from '../../feed/feed.js';
import type { CommandAnswer, TextEvent } from '../../outlet.js';
import { BoardLoop } from '../board-loop.js';

type AlarmText = Extract<TextEvent, { type: 'alarm' }>;

const STEP_US = 1000;
const TICK_US = 5000;
const MONITOR_PERIOD_US = 100_000;

/** A thread that does nothing but wait for its timers, and proves it. */
class IdleThread implements WatchedThread {
  readonly measured = true;
  readonly idleUs = 0;
  readonly cpuUs = 0;
  readonly runDelayUs = 0;
  readonly #due = new Map<object, { atUs: number; callback: () => void }>();

  constructor(private readonly nowUs: () => number) {}

  read(): void {}

  close(): void {}

  after(us: number, callback: () => void): LookTimer {
    const timer: LookTimer = {
      refresh: () => this.#due.set(timer, { atUs: this.nowUs() + us, callback }),
      close: () => this.#due.delete(timer),
    };
    timer.refresh();
    return timer;
  }

  run(): void {
    for (const [timer, { atUs, callback }] of [...this.#due]) {
      if (atUs <= this.nowUs() && this.#due.delete(timer)) callback();
    }
  }
}

interface BenchOptions {
  readonly config?: Partial<BoardConfig>;
  readonly board?: ScriptedBoardOptions;
  /** Whether the port is looked at as in earnest, when frames are overdue; otherwise each millisecond. */
  readonly hasEvidence?: boolean;
}

export class Bench {
  readonly told: TextEvent[] = [];
  readonly misses: Pick<Miss, 'stream' | 'count' | 'culprit' | 'verdict'>[] = [];
  /** The newest of each stream. */
  readonly stats: StatsRecord[] = [];
  health: HealthRecord | null = null;
  /** Sequence numbers of what was published. */
  readonly published: number[] = [];
  /** Streams, by number on the wire, of which nothing reaches the host. */
  readonly mute = new Set<number>();
  /** What the host has sent. */
  readonly heard: HostMessage[] = [];
  /** Names of messages of the board that the line loses. */
  readonly lost = new Set<string>();
  readonly feed = Feed.create({ slotsPerSecond: 1000, seconds: 1 });
  readonly taken = new Set<string>();
  readonly loop: BoardLoop;
  board: ScriptedBoard;
  /** How far the board's clock is ahead of the host's. */
  boardAheadUs = 0;
  #nowUs = 1e6;
  #nonce = 5000;
  #toHost: Uint8Array[] = [];
  readonly #thread = new IdleThread(() => this.#nowUs);

  constructor(private readonly options: BenchOptions = {}) {
    this.#overhear();
    this.loop = new BoardLoop({
      index: 0,
      config: { path: '/dev/x', baud: 921_600, encoding: 'text', contract: {}, ...options.config },
      provisionalId: 'board-1',
      feed: this.feed,
      clock: {
        nowUs: () => this.#nowUs,
        utcUs: (atUs) => atUs,
        stamp: (into) => {
          into.judgedUs = this.#nowUs;
        },
      },
      random32: () => this.#nonce++,
      timedLine: false,
      evidence: options.hasEvidence
        ? (periodUs, onEmpty) =>
            new Evidence({ nowUs: () => this.#nowUs, drain: () => 0, onEmpty, periodUs, thread: this.#thread })
        : null,
      isTaken: (id) => this.taken.has(id),
    });
    this.board = this.#newBoard(options.board);
  }

  /** Alarms as they began and ended, with whose they are. */
  get alarms(): string[] {
    return this.told.flatMap((event) =>
      event.type === 'alarm' ? [`${event.board}/${event.id} ${event.active ? 'begins' : 'ends'}`] : [],
    );
  }

  /** Those that a worker which starts now is told of. */
  get standing(): AlarmText[] {
    return this.feed.retained.before(this.feed.events.offset).filter((event) => event.type === 'alarm');
  }

  unplug(): void {
    this.loop.closed('unplugged', 'absent', this.#nowUs);
  }

  /** Puts another board in the place of this one. */
  replace(options: ScriptedBoardOptions): void {
    this.unplug();
    this.board = this.#newBoard(options);
    this.open();
  }

  /** Plugs the board in. */
  open(): void {
    const send = (bytes: Uint8Array) => {
      const message = decodeText(bytes, 0, bytes.length - 1);
      if (message !== undefined) {
        this.heard.push(message as HostMessage);
        this.board.receive(message as HostMessage, 'text');
      }
      return true;
    };
    this.loop.opened({ path: '/dev/x', send }, this.#nowUs);
  }

  /** @returns the answer, if it came at once */
  ask(name: string, values: readonly number[] = []): CommandAnswer | undefined {
    let answer: CommandAnswer | undefined;
    this.loop.ask({ board: this.loop.id, name, arguments: values, by: 'test' }, this.#nowUs, (given) => {
      answer = given;
    });
    return answer;
  }

  /** What a sketch prints, or anything else on the line. */
  say(bytes: Uint8Array | string): void {
    const chunk = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
    this.loop.chunk(chunk, { arrivalUs: this.#nowUs });
  }

  run(seconds: number): void {
    for (const endUs = this.#nowUs + seconds * 1e6; this.#nowUs < endUs; this.#nowUs += STEP_US) {
      for (const bytes of this.#toHost.splice(0)) this.say(bytes);
      if (this.#nowUs % TICK_US === 0) this.loop.tick(this.#nowUs);
      if (this.options.hasEvidence) this.#thread.run();
      else this.loop.looked(this.#nowUs);
      this.#release();
    }
  }

  #release(): void {
    const { board } = this;
    if (!board.isStreaming && this.#nowUs % MONITOR_PERIOD_US !== 0) return;
    for (const { id, periodUs } of board.streams) {
      if (this.#nowUs % periodUs === 0) board.release(id, !this.mute.has(id));
    }
  }

  #overhear(): void {
    const { feed } = this;
    const { text, miss, stats, health, frame } = {
      text: feed.text.bind(feed),
      miss: feed.miss.bind(feed),
      stats: feed.stats.bind(feed),
      health: feed.health.bind(feed),
      frame: feed.frame.bind(feed),
    };
    feed.text = (event) => {
      this.told.push(event);
      text(event);
    };
    feed.miss = (event) => {
      const { stream, count, culprit, verdict } = event;
      this.misses.push({ stream, count, culprit, verdict });
      miss(event);
    };
    feed.stats = (record) => {
      this.stats[record.stream] = { ...record, verdicts: record.verdicts.slice(), culprits: record.culprits.slice() };
      stats(record);
    };
    feed.health = (record) => {
      this.health = { ...record };
      health(record);
    };
    feed.frame = (board, received, judgement) => {
      this.published.push(judgement.seq);
      frame(board, received, judgement);
    };
  }

  #newBoard(options: ScriptedBoardOptions = {}): ScriptedBoard {
    const deviceUs = () => this.#nowUs + this.boardAheadUs;
    const output = (message: BoardMessage) => {
      if (!this.lost.has(message.name)) this.#toHost.push(encodeText(message));
    };
    return new ScriptedBoard(output, { deviceUs, ...options });
  }
}
