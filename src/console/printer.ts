/** What the operator reads on the terminal: one line per thing that happened, one per stream every ten seconds. */
import type { HealthRecord, StatsRecord } from '../feed/events.js';
import type { RingHandlers } from '../feed/outlet-reader.js';
import type { TextEvent } from '../outlet.js';
import { boardWords, counterWords, duration, healthWords, timeOfDay } from './format.js';

type BoardText = Extract<TextEvent, { type: 'board' }>;

/** Counters of a stream: the newest, and as they were in its last line. */
class StreamCounters {
  boot = -1;
  rateHz = Number.NaN;
  worstLatenessUs = Number.NaN;
  readonly verdicts = new Float64Array(10);
  readonly culprits = new Float64Array(7);
  readonly #printedVerdicts = new Float64Array(10);
  readonly #printedCulprits = new Float64Array(7);
  #printedWorstUs = 0;

  update(stats: StatsRecord): void {
    // A new session counts from zero.
    if (stats.boot !== this.boot || this.verdicts.some((before, i) => stats.verdicts[i]! < before)) {
      this.#printedVerdicts.fill(0);
      this.#printedCulprits.fill(0);
      this.#printedWorstUs = 0;
    }
    this.boot = stats.boot;
    this.rateHz = stats.rateHz;
    this.worstLatenessUs = stats.worstLatenessUs;
    this.verdicts.set(stats.verdicts);
    this.culprits.set(stats.culprits);
  }

  /** What came since the last line; null when nothing did. */
  take(): string | null {
    const verdicts = grown(this.verdicts, this.#printedVerdicts);
    const words = counterWords(verdicts, grown(this.culprits, this.#printedCulprits));
    if (words === '') return null;
    const rate = Number.isFinite(this.rateHz) ? `${this.rateHz.toFixed(1)}/s  ` : '';
    if (!(this.worstLatenessUs > this.#printedWorstUs)) return rate + words;
    this.#printedWorstUs = this.worstLatenessUs;
    return `${rate}${words}  worst ${duration(this.worstLatenessUs)} late`;
  }
}

/** By how much each counter grew since it was printed, and remembers it as printed. */
function grown(now: Float64Array, printed: Float64Array): Float64Array {
  const growth = now.map((count, i) => count - printed[i]!);
  printed.set(now);
  return growth;
}

/** State of a board, and when it was printed last. */
interface BoardState {
  words: string;
  printedAtUs: number;
  /** Changes since then. */
  changes: number;
}

/** A board that flaps gets one line in this time. A trip is told at once. */
const STATE_LINE_US = 1e6;

interface Stream {
  readonly board: number;
  readonly stream: number;
  readonly counters: StreamCounters;
  /** Whether it had a line since the last call of `counters`. */
  hadLine: boolean;
}

export class Printer {
  readonly #print: (line: string) => void;
  readonly #nowUtcUs: () => number;
  readonly #boards = new Map<number, BoardText>();
  readonly #states = new Map<number, BoardState>();
  readonly #streams = new Map<string, Stream>();

  /** @param texts what held before: known, and not printed again. */
  constructor(print: (line: string) => void, nowUtcUs: () => number, texts: readonly TextEvent[]) {
    this.#print = print;
    this.#nowUtcUs = nowUtcUs;
    for (const text of texts) if (text.type === 'board') this.#boards.set(text.index, text);
  }

  readonly handlers: RingHandlers = {
    stats: (stats) => this.#stats(stats),
    health: (record) => this.#changed(record),
    text: (event) => this.#text(event),
    lost: (slots, ring) => {
      // Frames are not printed: only what happened to events is missing here.
      if (ring === 'events')
        this.#line(`console fell behind: ${slots} slots of events were overwritten before it read them`);
    },
  };

  /** To be called every ten seconds: a line for each stream, also one that was silent all the time though its board streams. */
  counters(): void {
    for (const each of this.#streams.values()) {
      const isStreaming = this.#states.get(each.board)?.words.startsWith('streaming') ?? true;
      if (!this.#printCounters(each) && !each.hadLine && isStreaming)
        this.#line(`${this.#streamName(each)}  no frames`);
      each.hadLine = false;
    }
  }

  /** To be called every second: the states that changed too often for a line each. */
  settle(): void {
    for (const [board, state] of this.#states) if (state.changes > 0) this.#printState(board, state);
  }

  #printCounters(stream: Stream): boolean {
    const words = stream.counters.take();
    if (words === null) return false;
    this.#line(`${this.#streamName(stream)}  ${words}`);
    stream.hadLine = true;
    return true;
  }

  #stats(stats: StatsRecord): void {
    const key = `${stats.board} ${stats.stream}`;
    let entry = this.#streams.get(key);
    if (entry === undefined) {
      entry = { board: stats.board, stream: stats.stream, counters: new StreamCounters(), hadLine: false };
      this.#streams.set(key, entry);
    }
    entry.counters.update(stats);
  }

  #changed(health: HealthRecord): void {
    const words = healthWords(health);
    let state = this.#states.get(health.board);
    if (state === undefined) {
      state = { words: '', printedAtUs: Number.NEGATIVE_INFINITY, changes: 0 };
      this.#states.set(health.board, state);
    }
    if (words === state.words) return;
    state.words = words;
    state.changes++;
    this.#printState(health.board, state);
  }

  #printState(board: number, state: BoardState): void {
    if (this.#nowUtcUs() - state.printedAtUs < STATE_LINE_US && !state.words.includes('TRIPPED')) return;
    for (const stream of this.#streams.values()) if (stream.board === board) this.#printCounters(stream);
    const often = state.changes > 1 ? ` (changed ${state.changes} times)` : '';
    this.#line(`${this.#boardName(board)}  ${state.words}${often}`);
    state.printedAtUs = this.#nowUtcUs();
    state.changes = 0;
  }

  #text(event: TextEvent): void {
    if (event.type === 'board') this.#board(event);
    else if (event.type === 'board-gone') this.#line(`${event.id}  gone: ${event.reason}`);
    else if (event.type === 'alarm')
      this.#line(`${event.active ? 'ALARM' : 'alarm over'}  ${of(event.board)}${event.text}`, event.sinceUtcUs);
    // Deliveries that are late are told by their alarm, when they go on.
    else if (event.type === 'log')
      this.#line(`${event.level === 'info' ? '' : `${event.level}  `}${of(event.board)}${event.text}`, event.utcUs);
  }

  #board(event: BoardText): void {
    const words = boardWords(event);
    const known = this.#boards.get(event.index);
    this.#endStreams(event);
    this.#boards.set(event.index, event);
    if (known !== undefined && known.boot === event.boot && boardWords(known) === words) return;
    this.#line(`${event.id}  ${words}${event.descriptor === null ? '' : `, boot ${event.boot}`}`);
  }

  /** Other firmware may have other streams: what was counted of those that are gone is told by the names that they had. */
  #endStreams({ index, descriptor }: BoardText): void {
    if (descriptor === null) return;
    for (const [key, stream] of this.#streams) {
      const { name } = descriptor.streams.find(({ id }) => id === stream.stream) ?? {};
      if (stream.board !== index || name === this.#declaredName(stream)) continue;
      this.#printCounters(stream);
      this.#streams.delete(key);
    }
  }

  #line(text: string, utcUs = this.#nowUtcUs()): void {
    this.#print(`${timeOfDay(utcUs)}  ${text.replaceAll(CONTROL_CHARACTERS, '�').replaceAll('\n', '\n    ')}`);
  }

  #boardName(board: number): string {
    return this.#boards.get(board)?.id ?? `board ${board}`;
  }

  #streamName(stream: Pick<Stream, 'board' | 'stream'>): string {
    return `${this.#boardName(stream.board)}/${this.#declaredName(stream) ?? stream.stream}`;
  }

  #declaredName({ board, stream }: Pick<Stream, 'board' | 'stream'>): string | undefined {
    return this.#boards.get(board)?.descriptor?.streams.find(({ id }) => id === stream)?.name;
  }
}

/** Text of a board is not to move the cursor or to change the colours of somebody's terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to keep out.
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

const of = (board: string | null): string => (board === null ? '' : `${board}: `);
