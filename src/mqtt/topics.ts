/** Every topic of the bridge, in one place. `docs/mqtt-topics.md` explains them. */

const base = 'tautline';

/** Board ids and stream names come checked (`[a-z][a-z0-9_-]{0,31}`, none of the reserved words), so they need no escaping here. */
export const topics = {
  bridgeState: `${base}/bridge/state`,
  bridgeInfo: `${base}/bridge/info`,
  feed: `${base}/bridge/feed`,
  availability: (board: string) => `${base}/${board}/availability`,
  descriptor: (board: string) => `${base}/${board}/descriptor`,
  session: (board: string) => `${base}/${board}/session`,
  state: (board: string, stream: string) => `${base}/${board}/${stream}/state`,
  frames: (board: string, stream: string) => `${base}/${board}/${stream}/frames`,
  miss: (board: string, stream: string) => `${base}/${board}/${stream}/miss`,
  /** @param board null for an alarm of the bridge itself */
  alarm: (board: string | null, id: string) => `${base}/${board ?? 'bridge'}/alarm/${safeLevel(id)}`,
  request: (board: string, verb: string) => `${base}/${board}/request/${verb}`,
} as const;

/** What the bridge listens to: its own retained topics, to correct what an earlier run left there, and requests, to say that they are off. */
export const subscriptions = {
  bridgeState: topics.bridgeState,
  bridgeInfo: topics.bridgeInfo,
  availability: topics.availability('+'),
  session: `${base}/+/session`,
  alarm: `${base}/+/alarm/+`,
  request: topics.request('+', '+'),
} as const;

export type Heard =
  | { readonly kind: 'bridge-state' }
  | { readonly kind: 'bridge-info' }
  | { readonly kind: 'availability'; readonly board: string }
  | { readonly kind: 'session'; readonly board: string }
  | { readonly kind: 'alarm'; readonly board: string | null; readonly id: string }
  | { readonly kind: 'request'; readonly board: string; readonly verb: string };

/** What a received topic is, or null when it is none that we subscribe to. */
export function parseTopic(topic: string): Heard | null {
  if (topic === topics.bridgeState) return { kind: 'bridge-state' };
  if (topic === topics.bridgeInfo) return { kind: 'bridge-info' };
  const [first, board, word, last, ...more] = topic.split('/');
  if (first !== base || board === undefined || word === undefined || more.length > 0) return null;
  if (last === undefined) return word === 'availability' || word === 'session' ? { kind: word, board } : null;
  if (word === 'alarm') return { kind: 'alarm', board: board === 'bridge' ? null : board, id: last };
  if (word === 'request') return { kind: 'request', board, verb: last };
  return null;
}

/** One topic level: an alarm's id may hold anything, a level may not hold `/`, `+`, `#` or NUL. */
function safeLevel(id: string): string {
  return id.replace(/[^A-Za-z0-9_.-]/g, '-') || '-';
}
