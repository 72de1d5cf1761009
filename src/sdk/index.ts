/** `tautline/client`: for browsers and Node, over whatever transport leads to the bridge. */
export { culprits, verdicts } from '../deadline/verdict.js';
export type { BoardEvents, BoardReply, BoardSubscription } from './board.js';
export { Client, type ClientEvents, type ClientOptions, connect } from './client.js';
export { decodeFrames, type FrameBatchColumns, type FrameColumns } from './columns.js';
export { ConnectionLostError, NotConnectedError, RefusedError, TautlineError, TimeoutError } from './errors.js';
export type {
  FramesBatch,
  FramesEvents,
  FramesOptions,
  FramesPosition,
  FramesSubscription,
  Gap,
  StreamFrames,
} from './frames.js';
export { LiveState, type LocalClock } from './live-state.js';
export type { LobbyEvents, LobbyReply, LobbySubscription, OutletSummary } from './lobby.js';
export type * from './messages.js';
export {
  type Carrier,
  PhoenixTransport,
  type PhoenixTransportOptions,
  type WebSocketConstructor,
  type WebSocketLike,
} from './phoenix/transport.js';
export type { TopicHandlers, Transport, TransportStatus, TransportTopic } from './transport.js';
