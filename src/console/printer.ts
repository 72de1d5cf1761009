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
    if (stats.boot !== this.boot || stats.verdicts[0]! < this.verdicts[0]!) {
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

  /** What came since the last line. */
  take(): string {
    const grown = (now: Float64Array, printed: Float64Array) => now.map((count, i) => count - printed[i]!);
    const words = counterWords(
      grown(this.verdicts, this.#printedVerdicts),
      grown(this.culprits, this.#printedCulprits),
    );
    this.#printedVerdicts.set(this.verdicts);
    this.#printedCulprits.set(this.culprits);
    const rate = Number.isFinite(this.rateHz) ? `${this.rateHz.toFixed(1)}/s  ` : '';
    if (!(this.worstLatenessUs > this.#printedWorstUs)) return rate + words;
    this.#printedWorstUs = this.worstLatenessUs;
    return `${rate}${words}  worst ${duration(this.worstLatenessUs)} late`;
  }
}

export class Printer {
  readonly #print: (line: string) => void;
  readonly #nowUtcUs: () => number;
  readonly #boards = new Map<number, BoardText>();
  readonly #health = new Map<number, string>();
  readonly #streams = new Map<string, { board: number; stream: number; counters: StreamCounters }>();

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

  /** A line for each stream of which something was heard since its last line, or should have been. */
  counters(board?: number): void {
    for (const each of this.#streams.values()) {
      if (board !== undefined && each.board !== board) continue;
      const isStreaming = this.#health.get(each.board)?.startsWith('streaming') ?? true;
      const words = each.counters.take();
      if (isStreaming || !words.endsWith('no frames')) this.#line(`${this.#streamName(each)}  ${words}`);
    }
  }

  #stats(stats: StatsRecord): void {
    const key = `${stats.board} ${stats.stream}`;
    let entry = this.#streams.get(key);
    if (entry === undefined) {
      entry = { board: stats.board, stream: stats.stream, counters: new StreamCounters() };
      this.#streams.set(key, entry);
    }
    entry.counters.update(stats);
  }

  #changed(health: HealthRecord): void {
    const words = healthWords(health);
    const before = this.#health.get(health.board);
    if (words === before) return;
    if (before?.startsWith('streaming')) this.counters(health.board);
    this.#health.set(health.board, words);
    this.#line(`${this.#boardName(health.board)}  ${words}`);
  }

  #text(event: TextEvent): void {
    if (event.type === 'board') this.#board(event);
    else if (event.type === 'board-gone') this.#line(`${event.id}  gone: ${event.reason}`);
    else if (event.type === 'alarm')
      this.#line(`${event.active ? 'ALARM' : 'alarm over'}  ${of(event.board)}${event.text}`, event.sinceUtcUs);
    else this.#line(`${event.level === 'info' ? '' : `${event.level}  `}${of(event.board)}${event.text}`, event.utcUs);
  }

  #board(event: BoardText): void {
    const words = boardWords(event);
    const known = this.#boards.get(event.index);
    this.#boards.set(event.index, event);
    if (known !== undefined && known.boot === event.boot && boardWords(known) === words) return;
    this.#line(`${event.id}  ${words}, boot ${event.boot}`);
  }

  #line(text: string, utcUs = this.#nowUtcUs()): void {
    this.#print(`${timeOfDay(utcUs)}  ${text.replaceAll(CONTROL_CHARACTERS, '�').replaceAll('\n', '\n    ')}`);
  }

  #boardName(board: number): string {
    return this.#boards.get(board)?.id ?? `board ${board}`;
  }

  #streamName({ board, stream }: { board: number; stream: number }): string {
    const declared = this.#boards.get(board)?.descriptor?.streams.find(({ id }) => id === stream);
    return `${this.#boardName(board)}/${declared?.name ?? stream}`;
  }
}

/** Text of a board is not to move the cursor or to change the colours of somebody's terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to keep out.
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

const of = (board: string | null): string => (board === null ? '' : `${board}: `);
