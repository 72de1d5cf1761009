/** The boards as the events tell of them, with what the outlet keeps for each stream. */
import type { Descriptor } from '../codec/descriptor.js';
import { type LinkState, linkStates } from '../feed/slot.js';
import type { TextEvent } from '../outlet.js';
import { FrameBatch } from './frames.js';
import { Latest } from './latest.js';
import { topics } from './topics.js';

export interface StreamView {
  /** Id of its board. */
  readonly board: string;
  readonly name: string;
  readonly stateTopic: string;
  readonly missTopic: string;
  readonly latest: Latest;
  /** Null unless mqtt.frames is on. */
  readonly frames: FrameBatch | null;
  /** Budget of the outlet, µs; 0 = none. */
  readonly outletUs: number;
  /** Budget of the broker, µs; 0 = none. */
  readonly consumerUs: number;
}

export interface BoardView {
  readonly id: string;
  readonly descriptor: Descriptor | null;
  readonly streams: ReadonlyMap<number, StreamView>;
  online: boolean;
}

export interface BoardsOptions {
  readonly stateHz: number;
  readonly frames: boolean;
  readonly epoch: string;
  readonly utcUs: (monotonicUs: number) => number;
  /** Whether the board of this index has its id from the settings. */
  readonly isConfigured: (index: number) => boolean;
}

type BoardText = Extract<TextEvent, { type: 'board' }>;

/** What a link state says of the availability; the others are passing and say nothing. */
const availability: Partial<Record<LinkState, boolean>> = {
  streaming: true,
  absent: false,
  silent: false,
  refused: false,
  opening: false,
  waiting: false,
};

export class Boards {
  private readonly byIndex = new Map<number, BoardView>();

  constructor(private readonly options: BoardsOptions) {}

  get(index: number): BoardView | undefined {
    return this.byIndex.get(index);
  }

  all(): Iterable<BoardView> {
    return this.byIndex.values();
  }

  withId(id: string): BoardView | undefined {
    for (const board of this.byIndex.values()) if (board.id === id) return board;
    return undefined;
  }

  /**
   * A board came, or is known better; its streams begin anew only when its descriptor changed. Whether it is online is for
   * its link to say.
   * @returns null while its id is only a stand-in: what is retained under it would stay for ever
   */
  put(text: BoardText): BoardView | null {
    const known = this.byIndex.get(text.index);
    if (known?.id === text.id && sameDescriptor(known.descriptor, text.descriptor)) return known;
    const isNamed = text.descriptor !== null || known?.id === text.id || this.options.isConfigured(text.index);
    if (!isNamed) return null;
    const streams = new Map<number, StreamView>();
    for (const stream of text.descriptor?.streams ?? []) streams.set(stream.id, this.stream(text, stream));
    const online = known?.id === text.id ? known.online : text.descriptor !== null;
    const board = { id: text.id, descriptor: text.descriptor, streams, online };
    this.byIndex.set(text.index, board);
    return board;
  }

  /** @returns the board when its availability changed */
  link(index: number, link: number): BoardView | null {
    const board = this.byIndex.get(index);
    const online = availability[linkStates[link] ?? 'absent'];
    if (board === undefined || online === undefined || online === board.online) return null;
    board.online = online;
    return board;
  }

  private stream(board: BoardText, stream: Descriptor['streams'][number]): StreamView {
    const { stateHz, frames, epoch, utcUs } = this.options;
    const topic = topics.frames(board.id, stream.name);
    return {
      board: board.id,
      name: stream.name,
      stateTopic: topics.state(board.id, stream.name),
      missTopic: topics.miss(board.id, stream.name),
      latest: new Latest({ board: board.id, stream: stream.name, signals: stream.signals }, 1e6 / stateHz),
      frames: frames ? new FrameBatch(topic, stream.id, stream.signals.length, epoch, utcUs) : null,
      ...(board.contracts[stream.name] ?? stream.contract).delivery,
    };
  }
}

function sameDescriptor(a: Descriptor | null, b: Descriptor | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
