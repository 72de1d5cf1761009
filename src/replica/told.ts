/** What was said last of each board and each alarm: the broker says it again after every subscription. */
import type { TextEvent } from '../outlet.js';

export type BoardText = Extract<TextEvent, { type: 'board' }>;
export type GoneText = Extract<TextEvent, { type: 'board-gone' }>;
export type AlarmText = Extract<TextEvent, { type: 'alarm' }>;

/** Beyond, what was told longest ago counts as not told. */
const ALARMS_MAX = 1024;

export class Told {
  /** By index, at most 64. */
  readonly #boards = new Map<number, { readonly board: string; readonly isGone: boolean }>();
  readonly #alarms = new Map<string, string>();

  /** What came in its place among the frames and events. */
  take(text: TextEvent): void {
    if (text.type === 'board') this.#boards.set(text.index, { board: JSON.stringify(text), isGone: false });
    else if (text.type === 'board-gone')
      this.#boards.set(text.index, { board: this.#boards.get(text.index)?.board ?? '', isGone: true });
    else if (text.type === 'alarm') {
      const key = keyOf(text);
      this.#alarms.delete(key);
      this.#alarms.set(key, contentOf(text));
      if (this.#alarms.size > ALARMS_MAX) this.#alarms.delete(this.#alarms.keys().next().value!);
    }
  }

  /** Whether this is what was said last of the same thing. */
  isAgain(text: TextEvent): boolean {
    if (text.type === 'alarm') return this.#alarms.get(keyOf(text)) === contentOf(text);
    if (text.type !== 'board' && text.type !== 'board-gone') return false;
    const before = this.#boards.get(text.index);
    if (text.type === 'board-gone') return before?.isGone === true;
    return before?.isGone === false && before.board === JSON.stringify(text);
  }

  /** Of what a topic says of a board: what is news. */
  newsOf(board: BoardText, gone: GoneText | null): TextEvent[] {
    const before = this.#boards.get(board.index);
    const isSame = before?.board === JSON.stringify(board);
    const news: TextEvent[] = [];
    if (!isSame || (gone === null && before.isGone)) news.push(board);
    if (gone !== null && !(isSame && before.isGone)) news.push(gone);
    return news;
  }

  isNews(alarm: AlarmText): boolean {
    const before = this.#alarms.get(keyOf(alarm));
    // One that is over is none for who has never heard of it.
    return before === undefined ? alarm.active : before !== contentOf(alarm);
  }
}

const keyOf = ({ board, id }: AlarmText): string => `${board ?? ''}/${id}`;

/** Without its time, which a topic has in milliseconds only. */
const contentOf = ({ active, text }: AlarmText): string => JSON.stringify([active, text]);

/** What the bridge says of itself is not this gateway's, which has alarms by the same names. */
export function ofBridge<Text extends TextEvent>(text: Text): Text {
  if (text.type === 'log' && text.board === null) return { ...text, text: `bridge: ${text.text}` };
  if (text.type === 'alarm' && text.board === null)
    return { ...text, id: `bridge-${text.id}`, text: `bridge: ${text.text}` };
  return text;
}
