/**
 * The texts that say how things are (boards, alarms), as they were at any offset that the events ring still holds: a
 * worker that starts at a cursor gets the state before it, and reads on from there.
 */
import type { TextEvent } from '../outlet.js';

/** Most boards and alarms; beyond, the alarm that was told longest ago is forgotten, and counted: one that is over first. */
export const RETAINED_MAX = 1024;

export class RetainedTexts {
  /** State before the oldest event that is still in the ring. */
  readonly #base = new Map<string, TextEvent>();
  #recent: { readonly offset: number; readonly event: TextEvent }[] = [];
  #forgotten = 0;

  get forgotten(): number {
    return this.#forgotten;
  }

  /** @param oldestOffset of the events ring now: no reader resumes before it. */
  add(event: TextEvent, offset: number, oldestOffset: number): void {
    if (event.type === 'log' || event.type === 'delivery-miss') return;
    this.#recent.push({ offset, event });
    const keepFrom = this.#recent.findIndex((recent) => recent.offset >= oldestOffset);
    for (const old of this.#recent.splice(0, keepFrom)) this.#forgotten += apply(this.#base, old.event);
  }

  /** What held just before this offset, oldest first; a board that went away as `board`, then `board-gone`. */
  before(offset: number): TextEvent[] {
    return this.#stateAt(offset).filter((event) => event.type !== 'alarm' || event.active);
  }

  /** What holds now, and the alarms that no longer do: for who has missed events. */
  latest(): TextEvent[] {
    return this.#stateAt(Number.POSITIVE_INFINITY);
  }

  #stateAt(offset: number): TextEvent[] {
    const state = new Map(this.#base);
    for (const recent of this.#recent) if (recent.offset < offset) apply(state, recent.event);
    return [...state.values()];
  }
}

/** @returns how many were forgotten. */
function apply(state: Map<string, TextEvent>, event: TextEvent): number {
  const key = keyOf(event);
  state.delete(key);
  if (event.type === 'board') state.delete(`gone ${event.index}`);
  state.set(key, event);
  if (state.size <= RETAINED_MAX) return 0;
  const oldest = oldestAlarm(state, false) ?? oldestAlarm(state, true);
  if (oldest !== undefined) state.delete(oldest);
  return 1;
}

function oldestAlarm(state: Map<string, TextEvent>, active: boolean): string | undefined {
  for (const [key, event] of state) if (event.type === 'alarm' && event.active === active) return key;
  return undefined;
}

function keyOf(event: TextEvent): string {
  if (event.type === 'board') return `board ${event.index}`;
  if (event.type === 'board-gone') return `gone ${event.index}`;
  return event.type === 'alarm' ? `alarm ${event.board ?? ''} ${event.id}` : 'log';
}
