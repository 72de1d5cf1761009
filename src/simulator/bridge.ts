/**
 * The bridge under test: the real loop of a board with everything in it (decoder, session, clock model, monitors, blame,
 * policy, control, evidence, feed), on a modelled thread. What it tells is shown to the checker on its way to the feed.
 */
import type { DataFrame } from '../codec/decoder.js';
import type { BoardConfig } from '../config.js';
import { Evidence } from '../deadline/evidence.js';
import type { Judgement } from '../deadline/judgement.js';
import { verdictCode } from '../deadline/verdict.js';
import type { HealthRecord, MissRecord, StatsRecord } from '../feed/events.js';
import { Feed } from '../feed/feed.js';
import type { FrameJudgement, ReceivedFrame } from '../feed/frame.js';
import { FRAME_SLOTS_MAX } from '../feed/frame.js';
import { Ring } from '../feed/ring.js';
import { TEXT_SLOTS_MAX } from '../feed/slot.js';
import { BoardLoop } from '../loop/board-loop.js';
import type { TextEvent } from '../outlet.js';
import type { HostThread } from './host-thread.js';
import type { LineToBoard } from './line-to-board.js';
import type { LineToHost } from './line-to-host.js';
import { distort, type PlantedBug, plantInLoop } from './planted-bugs.js';
import type { Watcher } from './watcher.js';

const TICK_US = 5000;
/** What one read of a terminal gives at most. */
const READ_BYTES = 4095;
/** Two seconds, so that a slow consumer is overtaken now and then. */
const RING_SLOTS = 2048;
const EVENT_SLOTS = 8192;

class WatchedFeed extends Feed {
  constructor(
    private readonly watcher: Watcher,
    private readonly bug: PlantedBug | null,
  ) {
    super(
      Ring.create({ slots: RING_SLOTS, recordSlotsMax: FRAME_SLOTS_MAX }),
      Ring.create({ slots: EVENT_SLOTS, recordSlotsMax: TEXT_SLOTS_MAX }),
    );
  }

  override frame(board: number, received: ReceivedFrame, judged: FrameJudgement): void {
    if (this.bug !== null) distort(this.bug, judged as Judgement, this.watcher);
    this.watcher.judged(received, judged as Judgement, this.frames.offset);
    super.frame(board, received, judged);
  }

  override miss(miss: MissRecord): void {
    this.watcher.missed(miss);
    super.miss(miss);
  }

  override stats(stats: StatsRecord): void {
    if (this.bug === 'counters drift') stats.verdicts[verdictCode.met]!++;
    this.watcher.stats(stats);
    super.stats(stats);
  }

  override health(health: HealthRecord): void {
    if (this.bug === 'always live') health.live = true;
    this.watcher.health(health);
    super.health(health);
  }

  override text(event: TextEvent): void {
    this.watcher.told(event);
    super.text(event);
  }
}

class WatchedLoop extends BoardLoop {
  watcher: Watcher | null = null;

  override data(frame: DataFrame): void {
    this.watcher?.accepted(frame);
    super.data(frame);
  }

  override corrupt(bytes: number, isNew: boolean): void {
    this.watcher?.corrupt(bytes, isNew);
    super.corrupt(bytes, isNew);
  }

  override foreign(tag: number, arrivalUs: number): void {
    if (this.board.hasStreams) this.watcher?.foreign();
    super.foreign(tag, arrivalUs);
  }

  override message(message: Parameters<BoardLoop['message']>[0], arrivalUs: number): void {
    super.message(message, arrivalUs);
    if (message.name === 'pong') this.watcher?.ponged(message, this.clock.roundTripUs);
  }
}

export interface VirtualBridgeOptions {
  readonly thread: HostThread;
  readonly toHost: LineToHost;
  readonly toBoard: LineToBoard;
  readonly config: BoardConfig;
  readonly random32: () => number;
  readonly watcher: Watcher;
  readonly bug: PlantedBug | null;
}

export class VirtualBridge {
  readonly loop: WatchedLoop;
  readonly feed: Feed;
  isOpen = false;
  readonly #options: VirtualBridgeOptions;
  readonly #buffer = new Uint8Array(READ_BYTES);
  /** By length, so that a read makes no garbage. */
  readonly #views: (Uint8Array | undefined)[] = [];

  constructor(options: VirtualBridgeOptions) {
    this.#options = options;
    const { thread, watcher, config, random32, bug } = options;
    watcher.started();
    this.feed = new WatchedFeed(watcher, bug);
    this.loop = new WatchedLoop({
      index: 0,
      config,
      provisionalId: 'board-1',
      feed: this.feed,
      clock: {
        nowUs: () => thread.clockUs,
        utcUs: (atUs) => atUs,
        stamp: (into) => {
          into.judgedUs = thread.clockUs;
        },
      },
      random32,
      timedLine: true,
      evidence: (periodUs, onEmpty) =>
        new Evidence({ nowUs: () => thread.clockUs, drain: () => this.#drain(), onEmpty, periodUs, thread }),
      isTaken: () => false,
    });
    this.loop.watcher = watcher;
    plantInLoop(this.loop, bug);
    const tick = thread.after(TICK_US, () => {
      tick.refresh();
      this.loop.tick(thread.clockUs);
      watcher.ticked(this.loop.session.state);
    });
  }

  open(): void {
    this.isOpen = true;
    this.#options.toHost.flush();
    const send = (bytes: Uint8Array) => this.#send(bytes);
    this.loop.opened({ path: '/dev/simulated', send }, this.#options.thread.clockUs);
  }

  close(): void {
    this.isOpen = false;
    this.#options.toHost.flush();
    this.loop.closed('the port is gone', 'absent', this.#options.thread.clockUs);
  }

  /** One read of the port. @returns the bytes */
  read(): number {
    const { toHost, thread } = this.#options;
    const length = toHost.read(this.#buffer, thread.nowUs);
    if (length === 0) return 0;
    if (!this.isOpen) return length;
    this.#views[length] ??= this.#buffer.subarray(0, length);
    this.loop.chunk(this.#views[length], { arrivalUs: thread.clockUs });
    return length;
  }

  /** The non-blocking read of the evidence. */
  #drain(): number {
    const { thread, toHost } = this.#options;
    if (thread.isReadingHung || !this.isOpen) return -1;
    if (toHost.readableUs <= thread.nowUs) return thread.readNow();
    thread.looked();
    return 0;
  }

  #send(bytes: Uint8Array): boolean {
    if (!this.isOpen) return false;
    this.#options.toBoard.send(bytes, this.#options.thread.nowUs);
    return true;
  }
}
