/** The boards as the events tell of them, with what the outlet keeps for each stream. */
import type { Descriptor } from '../codec/descriptor.js';
import { type LinkState, linkStates } from '../feed/slot.js';
import type { TextEvent } from '../outlet.js';
import { FrameBatch } from './frames.js';
import { Latest, type StateStream } from './latest.js';
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

/** What a state topic says, and what it will have to say: that it is stale. */
export type StateView = Pick<StreamView, 'stateTopic' | 'latest'>;

export interface BoardView {
  readonly id: string;
  readonly descriptor: Descriptor | null;
  readonly streams: ReadonlyMap<number, StreamView>;
  /** Null: an earlier worker knew it, and how it is now its link has not said yet. */
  online: boolean | null;
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

/** A board whose streams have new names at every start must not fill the memory while the broker is away. */
const RETIRING_MAX = 256;

export class Boards {
  private readonly byIndex = new Map<number, BoardView>();
  /** Of streams that are no more, by topic: the last that was said may be live, and nobody else would take it back. */
  private readonly retiring = new Map<string, StateView>();

  constructor(private readonly options: BoardsOptions) {}

  get(index: number): BoardView | undefined {
    return this.byIndex.get(index);
  }

  all(): Iterable<BoardView> {
    return this.byIndex.values();
  }

  /** Of all streams, also of those that are no more and have not yet said that they are stale. */
  *states(): Iterable<StateView> {
    for (const board of this.byIndex.values()) yield* board.streams.values();
    for (const [topic, state] of this.retiring) {
      if (state.latest.dueUs === Number.POSITIVE_INFINITY) this.retiring.delete(topic);
      else yield state;
    }
  }

  withId(id: string): BoardView | undefined {
    for (const board of this.byIndex.values()) if (board.id === id) return board;
    return undefined;
  }

  /**
   * A board came, or is known better; its streams begin anew only when its descriptor changed, and then with the state
   * that stands under their names. Whether it is online is for its link to say.
   * @returns null while its id is only a stand-in: what is retained under it would stay for ever
   */
  put(text: BoardText): BoardView | null {
    const known = this.byIndex.get(text.index);
    if (known?.id === text.id && sameDescriptor(known.descriptor, text.descriptor)) return known;
    const isNamed = text.descriptor !== null || known?.id === text.id || this.options.isConfigured(text.index);
    if (!isNamed) return null;
    for (const { stateTopic, latest } of known?.streams.values() ?? []) this.retire(stateTopic, latest);
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

  private retire(stateTopic: string, latest: Latest): void {
    this.retiring.set(stateTopic, { stateTopic, latest });
    if (this.retiring.size > RETIRING_MAX) this.retiring.delete(this.retiring.keys().next().value!);
  }

  /** What stands under this topic goes on, so that one voice speaks there. */
  private latest(stateTopic: string, stream: StateStream): Latest {
    const before = this.retiring.get(stateTopic);
    this.retiring.delete(stateTopic);
    return before?.latest.reshape(stream.signals) ?? new Latest(stream, 1e6 / this.options.stateHz);
  }

  private stream(board: BoardText, stream: Descriptor['streams'][number]): StreamView {
    const { frames, epoch, utcUs } = this.options;
    const topic = topics.frames(board.id, stream.name);
    const stateTopic = topics.state(board.id, stream.name);
    return {
      board: board.id,
      name: stream.name,
      stateTopic,
      missTopic: topics.miss(board.id, stream.name),
      latest: this.latest(stateTopic, { board: board.id, stream: stream.name, signals: stream.signals }),
      frames: frames ? new FrameBatch(topic, stream.id, stream.signals.length, epoch, utcUs) : null,
      ...(board.contracts[stream.name] ?? stream.contract).delivery,
    };
  }
}

function sameDescriptor(a: Descriptor | null, b: Descriptor | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
