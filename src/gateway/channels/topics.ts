import type { HealthRecord, MissRecord, StatsRecord } from '../../feed/events.js';
import type { FrameRecord } from '../../feed/frame.js';
import type { RingHandlers } from '../../feed/outlet-reader.js';
import { deliveryMissMessage } from '../../messages/delivery-miss.js';
import type { OutletState, TextEvent } from '../../outlet.js';
import type { JoinResult, Router } from '../phoenix/channel.js';
import { BoardTopic } from './board-topic.js';
import { FramesHub } from './frames-hub.js';
import { LOBBY, Lobby } from './lobby.js';
import type { TopicContext } from './topic.js';

/** How often stale values are looked for, whatever rate they are sent at. */
const STALE_CHECK_MS = 50;

/** All topics of the socket, fed by the rings: what `readRings` hands out comes in here. */
export class Topics implements Required<RingHandlers> {
  readonly frames: FramesHub;
  readonly lobby: Lobby;
  private readonly boardTopics = new Map<string, BoardTopic>();
  private readonly timers: NodeJS.Timeout[];
  lostSlots = 0;

  constructor(
    private readonly context: TopicContext,
    feedCursor: number,
  ) {
    this.frames = new FramesHub(context, feedCursor);
    this.lobby = new Lobby(context);
    this.timers = [
      setInterval(() => this.every50ms(), STALE_CHECK_MS).unref(),
      setInterval(() => this.everySecond(), 1000).unref(),
    ];
  }

  readonly route: Router = (member, payload): JoinResult => {
    const { topic } = member;
    if (topic === LOBBY) return this.lobby.join(member);
    const [kind, id, ...rest] = topic.split(':');
    if ((kind !== 'board' && kind !== 'frames') || id === undefined || rest.length > 0)
      return { ok: false, response: { reason: 'unmatched topic' } };
    // As of now: "from now on" begins at what is newest, of the board that has this id now.
    this.context.history()?.look();
    const board = this.context.state.boards.get(id);
    if (board === undefined)
      return { ok: false, response: { reason: `no board "${id.slice(0, 32)}" now; "${LOBBY}" lists them` } };
    return kind === 'board'
      ? this.boardTopic(id).join(board, member, payload)
      : this.frames.join(board, member, payload);
  };

  private boardTopic(id: string): BoardTopic {
    let topic = this.boardTopics.get(id);
    if (topic === undefined) {
      topic = new BoardTopic(this.context, id);
      this.boardTopics.set(id, topic);
    }
    return topic;
  }

  frame(frame: FrameRecord, offset: number): void {
    const { state, delivery } = this.context;
    state.frame(frame);
    const { stages } = delivery;
    const firmwareUs = frame.lateUs + frame.execUs;
    stages.host.add(frame.judgedUs - frame.arrivalUs);
    if (frame.verified) {
      stages.firmware.add(firmwareUs);
      stages.link.add(frame.arrivalUs - frame.releaseHostUs - firmwareUs);
    }
    this.frames.frame(frame, offset);
  }

  /** Who is on the topics of the old id hears nothing more of the board: told, so that nobody waits for it. */
  private renamed(before: string, { index, id }: Extract<TextEvent, { type: 'board' }>): void {
    const reason = `the board is called "${id}" now`;
    this.boardTopics.get(before)?.broadcast('gone', { reason });
    this.frames.gone(before, index, reason);
  }

  miss(miss: MissRecord): void {
    const board = this.context.state.board(miss.board);
    if (board !== undefined) this.boardTopics.get(board.id)?.miss(miss);
  }

  stats(stats: StatsRecord): void {
    const { state } = this.context;
    state.stats(stats);
    const board = state.board(stats.board);
    const stream = board?.stream(stats.stream);
    if (board !== undefined && stream !== undefined) this.boardTopics.get(board.id)?.tellStats(stream);
  }

  health(health: HealthRecord): void {
    const { state } = this.context;
    state.health(health);
    const board = state.board(health.board);
    if (board !== undefined) this.boardTopics.get(board.id)?.tellHealth();
  }

  text(text: TextEvent): void {
    const { state } = this.context;
    const before = text.type === 'board' ? state.boards.get(text.id) : undefined;
    if (text.type === 'board') {
      this.frames.flushBoard(text.index);
      const { id = text.id } = state.board(text.index) ?? {};
      if (id !== text.id) this.renamed(id, text);
    }
    state.text(text);
    this.lobby.text(text);
    if (text.type === 'board') {
      const board = state.boards.get(text.id)!;
      this.frames.boardChanged(before, board);
      this.boardTopics.get(text.id)?.boardChanged(board);
    } else if (text.type === 'board-gone') {
      this.boardTopics.get(text.id)?.broadcast('gone', { reason: text.reason });
    } else if (text.board !== null) {
      const topic = this.boardTopics.get(text.board);
      if (text.type === 'alarm') topic?.broadcast('alarm', text);
      else if (text.type === 'log') topic?.offer('log', text);
      else topic?.offer('delivery-miss', deliveryMissMessage(text));
    }
    if (text.type !== 'log' && text.type !== 'delivery-miss') this.lobby.tellBoards();
  }

  batchEnd(): void {
    this.context.state.lastFromMainUs = this.context.clock.nowUs();
    this.frames.batchEnd();
    this.context.flusher.flush();
  }

  lost(slots: number, ring: 'feed' | 'events', fromOffset: number, toOffset: number): void {
    this.lostSlots += slots;
    if (ring === 'feed') this.frames.lost(fromOffset, toOffset);
    else for (const topic of this.boardTopics.values()) topic.lost();
  }

  outlets(outlets: readonly OutletState[]): void {
    this.context.state.outlets = outlets;
    this.lobby.tellOutlets(outlets);
    this.context.flusher.flush();
  }

  private every50ms(): void {
    for (const topic of this.boardTopics.values()) topic.tellStale();
    this.context.flusher.flush();
  }

  private everySecond(): void {
    for (const [id, topic] of this.boardTopics) {
      topic.beginMissWindow();
      if (topic.subscribers > 0 || topic.presence.size > 0) continue;
      topic.close();
      this.boardTopics.delete(id);
    }
    this.lobby.tellBoards();
    this.context.flusher.flush();
  }

  close(): void {
    for (const timer of this.timers) clearInterval(timer);
    for (const topic of this.boardTopics.values()) topic.close();
    this.frames.close();
  }
}
