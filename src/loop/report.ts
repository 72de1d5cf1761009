/** Writes what the bridge knows of one board into the events ring: texts on change, health on change and once a second, stats once a second. */
import type { Descriptor } from '../codec/descriptor.js';
import { armStates, type Encoding, encodings, tripCauses } from '../codec/schema.js';
import type { Contract } from '../deadline/contract.js';
import type { StreamStats } from '../deadline/counters.js';
import type { BoardPolicy } from '../deadline/policy.js';
import { createHealthRecord, createStatsRecord } from '../feed/events.js';
import type { Feed } from '../feed/feed.js';
import { type LinkState, linkStates } from '../feed/slot.js';
import type { LogLevel, TextEvent } from '../outlet.js';
import type { LoopClock } from './surroundings.js';

export interface HealthFigures {
  readonly link: LinkState;
  readonly sinceUs: number;
  readonly policy: BoardPolicy;
  readonly live: boolean;
  readonly boot: number;
  readonly encoding: Encoding;
  readonly offsetUs: number;
  readonly uncertaintyUs: number;
  readonly driftPpm: number;
  readonly roundTripUs: number;
  readonly bytes: number;
  readonly corruptFrames: number;
  readonly foreignFrames: number;
  readonly overlongLines: number;
  readonly reconnects: number;
  readonly boots: number;
  readonly heartbeats: number;
  readonly deviceOverruns: number;
  readonly deviceReceiveErrors: number;
  readonly deviceDrops: number;
  readonly execMaxUs: number;
  readonly lineLoad: number;
  readonly emulatorLagUs: number;
}

export interface BoardText {
  readonly id: string;
  readonly path: string;
  readonly descriptor: Descriptor | null;
  readonly boot: number;
  readonly contracts: Readonly<Record<string, Contract>>;
}

/** A stream of a board that answers, or of one that only prints. */
interface MeasuredStream {
  readonly id: number;
  readonly monitor: { stats(nowUs: number, into: StreamStats): void };
}

type AlarmText = Extract<TextEvent, { type: 'alarm' }>;

/** Lines of a board that are told in a second. More would push misses out of the ring, and nobody reads so many. */
const SAID_PER_SECOND_MAX = 200;

export class BoardReport {
  readonly #health = createHealthRecord();
  readonly #stats = createStatsRecord();
  #id = '';
  #gone: string | null = null;
  /** Lines of the board that were not told, because there were too many. */
  heldLines = 0;
  /** Lines of the board in this second. */
  #said = 0;
  /** Alarms that stand, as they were told, by id. */
  readonly #alarms = new Map<string, AlarmText>();

  /** @param utcUs the wall clock's time of a monotonic instant */
  constructor(
    private readonly index: number,
    private readonly feed: Feed,
    private readonly clock: Pick<LoopClock, 'nowUs' | 'utcUs'>,
  ) {
    this.#health.board = index;
    this.#stats.board = index;
  }

  /** The board is known, or is known better. Alarms that stand go along to its new id: under the old one nobody ends them. */
  board({ id, path, descriptor, boot, contracts }: BoardText): void {
    const moved = id === this.#id ? [] : [...this.#alarms.values()];
    const text = `the board is called "${id}" now`;
    for (const alarm of moved) this.#tell({ ...alarm, active: false, text, sinceUtcUs: this.#utcUs() });
    this.#id = id;
    this.#gone = null;
    const bootText = boot.toString(16).padStart(8, '0');
    this.feed.text({ type: 'board', index: this.index, id, path, descriptor, boot: bootText, contracts });
    for (const alarm of moved) this.#tell({ ...alarm, board: id });
  }

  /** The same reason is told once. */
  gone(reason: string): void {
    if (this.#gone === reason) return;
    this.#gone = reason;
    this.feed.text({ type: 'board-gone', index: this.index, id: this.#id, reason });
  }

  ended(): void {
    this.gone('the bridge was stopped');
  }

  log(level: LogLevel, text: string): void {
    this.feed.text({ type: 'log', board: this.#id, level, text, utcUs: this.#utcUs() });
  }

  /** What the board itself says. */
  said(level: LogLevel, text: string): void {
    this.#said++;
    if (this.#said <= SAID_PER_SECOND_MAX) this.log(level, `board says: ${text}`);
    else this.heldLines++;
  }

  everySecond(): void {
    const untold = this.#said - SAID_PER_SECOND_MAX;
    this.#said = 0;
    if (untold <= 0) return;
    this.log('warning', `the board said ${untold} more lines in this second: ${SAID_PER_SECOND_MAX} are told at most`);
  }

  /** An alarm that stands is told again only in other words; that it is over, only if it was told that it began. */
  alarm(id: string, active: boolean, text: string): void {
    if (active ? this.#alarms.get(id)?.text === text : !this.#alarms.delete(id)) return;
    this.#tell({ type: 'alarm', board: this.#id, id, active, text, sinceUtcUs: this.#utcUs() });
  }

  stats({ id, monitor }: MeasuredStream, nowUs: number): void {
    this.#stats.stream = id;
    monitor.stats(nowUs, this.#stats);
    this.feed.stats(this.#stats);
  }

  health({ link, policy, encoding, ...figures }: HealthFigures, nowUs: number): void {
    const health = Object.assign(this.#health, figures);
    health.link = linkStates.indexOf(link);
    health.arm = armStates[policy.state];
    health.tripCause = tripCauses[policy.tripCause];
    health.degraded = policy.degraded;
    health.encoding = encodings[encoding];
    health.writtenUs = nowUs;
    this.feed.health(health);
  }

  #tell(alarm: AlarmText): void {
    if (alarm.active) this.#alarms.set(alarm.id, alarm);
    this.feed.text(alarm);
  }

  #utcUs(): number {
    return Math.round(this.clock.utcUs(this.clock.nowUs()));
  }
}
