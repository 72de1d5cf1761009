/** What one may think of a board's values now. Pure: the page asks it with every frame that it paints. */
import { age } from './format.js';

/** Without any word of a bridge that says something every second, its connection is one in name only. */
const BRIDGE_SILENT_SECONDS = 3;

export interface StreamLook {
  readonly name: string;
  readonly live: boolean;
  /** Of its newest values; null when there are none, or when the board's clock is not known. */
  readonly ageSeconds: number | null;
}

export interface Look {
  readonly connected: boolean;
  /** Why it is not connected, as far as anybody has said. */
  readonly reason?: string;
  /** Since the bridge said anything of this board. */
  readonly heardSeconds: number;
  /** Why the board is not there any more. */
  readonly gone: string | null;
  /** State of the board's link, as the bridge gave it last. */
  readonly link: string;
  readonly streams: readonly StreamLook[];
}

export interface Condition {
  readonly state: 'live' | 'stale' | 'waiting' | 'gone' | 'silent' | 'disconnected';
  /** Large, on the board. */
  readonly word: string;
  /** One sentence for whoever asks why; empty when live. */
  readonly why: string;
}

export function conditionOf({ connected, reason = '', heardSeconds, gone, link, streams }: Look): Condition {
  const oldest = oldestOf(streams);
  const since = oldest === null ? '' : ` ${age(oldest)}`;
  if (!connected) {
    const said = reason === '' ? 'No connection to the bridge' : `Not connected: ${reason}`;
    const why = `${said}; trying again. What is shown is the last that came.`;
    return { state: 'disconnected', word: `DISCONNECTED${since}`, why };
  }
  if (gone !== null) return { state: 'gone', word: 'BOARD GONE', why: `The board is gone: ${gone}.` };
  if (streams.length > 0 && streams.every((stream) => stream.live)) return { state: 'live', word: 'LIVE', why: '' };
  if (heardSeconds > BRIDGE_SILENT_SECONDS) {
    const why = 'The bridge is connected but says nothing: it is stopped, or the network is.';
    return { state: 'silent', word: `BRIDGE SILENT${since}`, why };
  }
  if (streams.every((stream) => stream.ageSeconds === null)) return waiting(link);
  const stale = streams.filter(({ live, ageSeconds }) => !live && ageSeconds !== null);
  const absent = streams.filter(({ ageSeconds }) => ageSeconds === null);
  const none = absent.length === 0 ? '' : `${namesOf(absent)}: no values, or none whose age is known. `;
  if (stale.length === 0) return { state: 'waiting', word: 'NOT ALL LIVE', why: `${none}Link: ${link}.` };
  const which = stale.length < streams.length ? `${namesOf(stale)}: values` : 'Values';
  const why = `${which} are older than their lifespan. ${none}Link: ${link}.`;
  return { state: 'stale', word: `STALE${since}`, why };
}

const namesOf = (streams: readonly StreamLook[]): string => streams.map(({ name }) => name).join(', ');

function waiting(link: string): Condition {
  const why = link === 'streaming' ? 'The clock of the board is not known yet.' : `Link: ${link}.`;
  return { state: 'waiting', word: 'NO LIVE DATA', why };
}

/** Age of the oldest among the values that are not live. */
function oldestOf(streams: readonly StreamLook[]): number | null {
  let oldest: number | null = null;
  for (const { live, ageSeconds } of streams)
    if (!live && ageSeconds !== null && (oldest === null || ageSeconds > oldest)) oldest = ageSeconds;
  return oldest;
}
