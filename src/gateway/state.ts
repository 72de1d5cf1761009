import type { Descriptor, SignalDescriptor } from '../codec/descriptor.js';
import type { Contract } from '../deadline/contract.js';
import { createHealthRecord, createStatsRecord, type HealthRecord, type StatsRecord } from '../feed/events.js';
import type { FrameRecord } from '../feed/frame.js';
import { NewestFrame } from '../messages/newest-frame.js';
import type { OutletState, TextEvent } from '../outlet.js';

export type BoardText = Extract<TextEvent, { type: 'board' }>;
export type AlarmText = Extract<TextEvent, { type: 'alarm' }>;

/** Alarms that are remembered at once; more are a fault of the bridge, and counted. */
const ALARMS_MAX = 1024;
const BRIDGE_BOARD = 255;
/** Boots of which frames can be named: the feed holds those of the last half minute. */
const BOOTS_MAX = 16;
/** Age of a health record past which the board's state is not known any more: one is written every second. */
const HEALTH_LIFESPAN_US = 3e6;

/** The newest frame of a stream, and how the stream has done. */
export class StreamState extends NewestFrame<SignalDescriptor> {
  stats: StatsRecord | undefined;

  constructor(
    readonly id: number,
    name: string,
    signals: readonly SignalDescriptor[],
  ) {
    super(name, signals);
  }
}

export class BoardState {
  readonly id: string;
  readonly index: number;
  readonly path: string;
  readonly boot: string;
  readonly descriptor: Descriptor | null;
  readonly contracts: Readonly<Record<string, Contract>>;
  readonly streams: readonly StreamState[];
  /** Set when the board went: why. */
  gone: string | undefined;
  health: HealthRecord | undefined;
  /** Grows with every health record. */
  healthVersion = 0;
  private readonly byWireId: (StreamState | undefined)[] = [];
  private readonly byBoot: Map<number, readonly (StreamState | undefined)[]>;

  constructor(text: BoardText, before: BoardState | undefined) {
    this.id = text.id;
    this.index = text.index;
    this.path = text.path;
    this.boot = text.boot;
    this.descriptor = text.descriptor;
    this.contracts = text.contracts;
    this.health = before?.health;
    this.healthVersion = before?.healthVersion ?? 0;
    this.streams = (text.descriptor?.streams ?? []).map((stream) => {
      const kept = before?.streams.find((old) => old.id === stream.id && isSameShape(old, stream));
      return kept ?? new StreamState(stream.id, stream.name, stream.signals);
    });
    for (const stream of this.streams) this.byWireId[stream.id] = stream;
    const boot = Number.parseInt(text.boot, 16);
    this.byBoot = new Map(before?.byBoot);
    // Last in the order of the map, as the newest.
    this.byBoot.delete(boot);
    this.byBoot.set(boot, this.byWireId);
    if (this.byBoot.size > BOOTS_MAX) this.byBoot.delete(this.byBoot.keys().next().value!);
  }

  stream(wireId: number): StreamState | undefined {
    return this.byWireId[wireId];
  }

  /** What the frames of a boot, this or an earlier one, are of; undefined when nothing was heard of it. */
  streamOf(boot: number, wireId: number): StreamState | undefined {
    return this.byBoot.get(boot)?.[wireId];
  }

  /** Whether the main thread still speaks of the board. */
  isKnown(nowUs: number): boolean {
    return this.health !== undefined && nowUs - this.health.writtenUs <= HEALTH_LIFESPAN_US;
  }

  /** What the loop said, as long as the values themselves bear it out: a loop that hangs tells no end. */
  isLive(nowUs: number): boolean {
    return this.isKnown(nowUs) && this.health!.live && this.streams.every((stream) => stream.isLive(nowUs));
  }
}

function isSameShape(
  old: StreamState,
  stream: { readonly name: string; readonly signals: readonly SignalDescriptor[] },
): boolean {
  return old.name === stream.name && JSON.stringify(old.signals) === JSON.stringify(stream.signals);
}

/**
 * What the gateway knows of the bridge: the newest of everything, from the rings and from the main thread. Nothing in
 * here says "live"; that is computed when it is read, so a stalled feed can't keep a value alive.
 */
export class BridgeState {
  readonly boards = new Map<string, BoardState>();
  readonly alarms = new Map<string, AlarmText>();
  outlets: readonly OutletState[] = [];
  /** Host monotonic: when the main thread last said or wrote anything. */
  lastFromMainUs = Number.NEGATIVE_INFINITY;
  alarmsRefused = 0;
  private readonly byIndex: (BoardState | undefined)[] = [];

  board(index: number): BoardState | undefined {
    return this.byIndex[index];
  }

  text(text: TextEvent): void {
    if (text.type === 'board') this.addBoard(text);
    else if (text.type === 'board-gone') {
      const board = this.boards.get(text.id);
      if (board !== undefined) board.gone = text.reason;
    } else if (text.type === 'alarm') this.setAlarm(text);
  }

  private addBoard(text: BoardText): void {
    const board = new BoardState(text, this.boards.get(text.id));
    const displaced = this.byIndex[text.index];
    // A board that got its id from its descriptor was known by another name before.
    if (displaced !== undefined && displaced.id !== text.id) this.boards.delete(displaced.id);
    this.boards.set(text.id, board);
    this.byIndex[text.index] = board;
  }

  private setAlarm(alarm: AlarmText): void {
    const key = `${alarm.board ?? ''}/${alarm.id}`;
    if (!alarm.active) this.alarms.delete(key);
    else if (this.alarms.has(key) || this.alarms.size < ALARMS_MAX) this.alarms.set(key, alarm);
    else this.alarmsRefused++;
  }

  alarmsOf(board: string | null): AlarmText[] {
    return [...this.alarms.values()].filter((alarm) => alarm.board === board);
  }

  frame(frame: FrameRecord): void {
    this.byIndex[frame.board]?.stream(frame.stream)?.take(frame);
  }

  stats(stats: StatsRecord): void {
    const stream = this.byIndex[stats.board]?.stream(stats.stream);
    if (stream === undefined) return;
    stream.stats ??= createStatsRecord();
    const { verdicts, culprits } = stream.stats;
    Object.assign(stream.stats, stats, { verdicts, culprits });
    verdicts.set(stats.verdicts);
    culprits.set(stats.culprits);
  }

  health(health: HealthRecord): void {
    if (health.board === BRIDGE_BOARD) return;
    const board = this.byIndex[health.board];
    if (board === undefined) return;
    board.health = Object.assign(board.health ?? createHealthRecord(), health);
    board.healthVersion++;
  }
}
