/** What is known of a board that does not stream, for whoever waited for it in vain. */
import type { Rig } from './rig.js';

/** The session, what did not make sense, and the newest alarm that stands, which says what to do. */
export function linkNow({ loop, trace }: Pick<Rig, 'loop' | 'trace'>): string {
  const { session, decoder } = loop;
  const { corruptFrames, foreignFrames } = decoder.counters;
  const now = `the session is "${session.state}", with ${corruptFrames} corrupt frames and ${foreignFrames} foreign ones so far`;
  const alarms = new Map<string, string>();
  for (const text of trace.texts) {
    if (text.type !== 'alarm') continue;
    alarms.delete(text.id);
    if (text.active) alarms.set(text.id, text.text);
  }
  const newest = [...alarms.values()].at(-1);
  return newest === undefined ? now : `${now}; the bridge says: ${newest}`;
}
