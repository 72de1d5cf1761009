/** What stands retained on the broker: which boards there are, their alarms, and whether the bridge is there. */
import { parseTopic, topics } from '../mqtt/topics.js';
import type { TextEvent } from '../outlet.js';
import { parseAlarm, parseTextEvent } from './text-event.js';

type BoardText = Extract<TextEvent, { type: 'board' }>;
type AlarmText = Extract<TextEvent, { type: 'alarm' }>;

/** Boards, and alarms, of one bridge; more are not its own. */
const BOARDS_MAX = 64;
const ALARMS_MAX = 1024;
const SESSION = /^tautline\/[^/]+\/session$/;

export class Retained {
  /** By topic: the epoch that it was told in, and the board. */
  readonly #boards = new Map<string, { readonly epoch: string; readonly text: BoardText }>();
  readonly #offline = new Set<string>();
  readonly #alarms = new Map<string, AlarmText>();
  isBridgeOffline = false;

  /**
   * @param epoch of the run that is followed
   * @returns what it says of this run, undefined when that is nothing
   */
  take(topic: string, payload: string, epoch: string): TextEvent | undefined {
    if (SESSION.test(topic)) return this.#session(topic, payload, epoch);
    const heard = parseTopic(topic);
    if (heard?.kind === 'bridge-state') this.isBridgeOffline = payload === 'offline';
    else if (heard?.kind === 'availability') return this.#availability(heard.board, payload, epoch);
    else if (heard?.kind === 'alarm') return this.#alarm(topic, payload);
    return undefined;
  }

  /** All of it, for a run that begins. */
  texts(epoch: string): TextEvent[] {
    const boards = [...this.#boards.values()].filter((board) => board.epoch === epoch).map(({ text }) => text);
    const gone = boards.filter(({ id }) => this.#offline.has(id)).map(goneOf);
    return [...boards, ...gone, ...this.#alarms.values()];
  }

  #session(topic: string, payload: string, epoch: string): TextEvent | undefined {
    if (payload === '') this.#boards.delete(topic);
    const text = parseTextEvent(payload);
    if (text?.type !== 'board' || topic !== topics.session(text.id)) return undefined;
    const told = String((text as { readonly epoch?: unknown }).epoch);
    if (!this.#boards.has(topic) && this.#boards.size >= BOARDS_MAX) return undefined;
    this.#boards.set(topic, { epoch: told, text });
    return told === epoch ? text : undefined;
  }

  #availability(id: string, payload: string, epoch: string): TextEvent | undefined {
    const board = this.#boards.get(topics.session(id));
    if (payload === 'offline') this.#offline.add(id);
    else this.#offline.delete(id);
    if (this.#offline.size > BOARDS_MAX) this.#offline.delete(this.#offline.values().next().value!);
    return payload === 'offline' && board?.epoch === epoch ? goneOf(board.text) : undefined;
  }

  #alarm(topic: string, payload: string): TextEvent | undefined {
    const alarm = parseAlarm(payload);
    if (alarm === undefined) return undefined;
    if (!alarm.active) this.#alarms.delete(topic);
    else if (this.#alarms.has(topic) || this.#alarms.size < ALARMS_MAX) this.#alarms.set(topic, alarm);
    return alarm;
  }
}

const goneOf = ({ index, id }: BoardText): TextEvent => ({
  type: 'board-gone',
  index,
  id,
  reason: 'the board is offline',
});
