import type { FrameRecord } from '../../feed/frame.js';
import { frameSlots } from '../../feed/slot.js';
import { FrameBatch } from '../frame-batch.js';
import { streamsMessage } from '../messages.js';
import type { JoinResult, Membership } from '../phoenix/channel.js';
import { broadcastText } from '../phoenix/packet.js';
import type { BoardState } from '../state.js';
import { streamName } from './consumers.js';
import { FramesChannel, parseFramesJoin } from './frames.js';
import { FramesEncoder, Lane } from './lane.js';
import type { TopicContext } from './topic.js';

/** Up to this many subscribers get every frame at once; beyond, all that did not ask otherwise are served in batches. */
export const IMMEDIATE_MAX = 16;
/** Back to immediate below this, so that one client that comes and goes does not switch everybody. */
const IMMEDIATE_AGAIN = 12;
export const BATCH_MS = 16;
/** How long frames wait in the ring while nobody wants each of them: states are made when they are sent, from what is there then. */
const IDLE_MS = 50;
/** Looks into the ring, of up to 256 rows each, between two turns of the event loop: what is live must not wait for them. */
const RECOVERY_TURNS = 8;
/** A client that comes from another gateway may have got more than this one: its recovery begins when that is here, too. */
export const AHEAD_SLOTS_MAX = 4096;
/** How soon a recovery is tried again when the client has not read, or is ahead. */
const RECOVERY_RETRY_MS = 20;

interface BoardLanes {
  readonly boardId: string;
  readonly encoder: FramesEncoder;
  readonly immediate: Lane<FramesChannel>;
  readonly batched: Lane<FramesChannel>;
}

/** Fans the feed out to everybody on a `frames:` topic. */
export class FramesHub {
  /** Offset just past the newest frame that was given to the lanes. */
  position: number;
  private readonly lanes: (BoardLanes | undefined)[] = [];
  private readonly members = new Set<FramesChannel>();
  private readonly recovering = new Set<FramesChannel>();
  private readonly scratch = new FrameBatch();
  private isBatching = false;
  private isImmediate = false;
  private batchTimer: NodeJS.Timeout | undefined;
  private recoveryTimer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  /** UTC - monotonic, taken once per ring batch. */
  private utcOffsetUs = Number.NaN;

  constructor(
    readonly context: TopicContext,
    position: number,
  ) {
    this.position = position;
  }

  get subscribers(): number {
    return this.members.size;
  }

  join(board: BoardState, member: Membership, payload: Readonly<Record<string, unknown>>): JoinResult {
    const join = parseFramesJoin(payload);
    if (typeof join === 'string') return { ok: false, response: { reason: join } };
    const from = this.recoverableFrom(join.since);
    const cursor = from ?? this.position;
    const channel = new FramesChannel(this, board.index, board.id, member, join, cursor);
    this.members.add(channel);
    const response = {
      epoch: this.context.epoch,
      offset: cursor,
      recovered: from !== undefined,
      encoding: join.encoding,
      ...streamsMessage(board),
    };
    return { ok: true, channel, response };
  }

  /** Where a client of this run of the bridge, whose missed frames the ring still holds, goes on; else undefined. */
  private recoverableFrom(since: { readonly epoch: string; readonly offset: number } | undefined): number | undefined {
    const feed = this.context.history();
    if (since === undefined || feed === undefined || since.epoch !== this.context.epoch) return undefined;
    const isHere = since.offset >= feed.oldestOffset() && since.offset - feed.newestOffset() <= AHEAD_SLOTS_MAX;
    return isHere ? since.offset : undefined;
  }

  start(channel: FramesChannel): void {
    if (channel.cursor === this.position) this.goLive(channel);
    else {
      this.recovering.add(channel);
      this.runRecoveries();
    }
  }

  remove(channel: FramesChannel): void {
    this.members.delete(channel);
    this.recovering.delete(channel);
    const lanes = this.lanes[channel.boardIndex];
    lanes?.immediate.members.delete(channel);
    lanes?.batched.members.delete(channel);
    this.adapt();
    this.adaptPatience();
  }

  /** The channel has everything up to `position`: what waits in its lane is not for it. */
  private goLive(channel: FramesChannel): void {
    this.adapt();
    const lanes = this.lanesOf(channel);
    const lane = this.isBatched(channel) ? lanes.batched : lanes.immediate;
    this.flushLane(lane, channel.boardIndex);
    lane.members.add(channel);
    this.adaptPatience();
  }

  /** A wake-up for each frame is for those who want each frame at once. */
  adaptPatience(): void {
    this.isImmediate = this.lanes.some((lanes) => (lanes?.immediate.members.size ?? 0) > 0);
    const ms = this.isImmediate ? 0 : this.members.size > 0 ? BATCH_MS : IDLE_MS;
    this.context.history()?.patience(ms);
  }

  private lanesOf(channel: FramesChannel): BoardLanes {
    const known = this.lanes[channel.boardIndex];
    // A board that has got another id has other topics.
    if (known?.boardId === channel.boardId) return known;
    const encoder = new FramesEncoder(`frames:${channel.boardId}`, this.context.epoch);
    const lanes = {
      boardId: channel.boardId,
      encoder,
      immediate: new Lane<FramesChannel>(encoder),
      batched: new Lane<FramesChannel>(encoder),
    };
    this.lanes[channel.boardIndex] = lanes;
    return lanes;
  }

  private isBatched(channel: FramesChannel): boolean {
    return channel.join.batch ?? this.isBatching;
  }

  /** Few are served at once, many in batches. Those who asked for one of the two keep it. */
  private adapt(): void {
    const count = this.members.size;
    const isBatching = this.isBatching ? count >= IMMEDIATE_AGAIN : count > IMMEDIATE_MAX;
    if (isBatching === this.isBatching) return;
    this.isBatching = isBatching;
    for (const [board, lanes] of this.lanes.entries()) {
      if (lanes === undefined) continue;
      this.flushLane(lanes.immediate, board);
      this.flushLane(lanes.batched, board);
      const [from, to] = isBatching ? [lanes.immediate, lanes.batched] : [lanes.batched, lanes.immediate];
      for (const member of from.members) {
        if (member.join.batch !== undefined) continue;
        from.members.delete(member);
        to.members.add(member);
      }
    }
    this.adaptPatience();
  }

  /** One frame of the feed. Its `flush` comes with the end of the ring's batch. */
  frame(frame: FrameRecord, offset: number): void {
    const next = offset + frameSlots(frame.count);
    this.position = next;
    const lanes = this.lanes[frame.board];
    if (lanes === undefined) return;
    if (Number.isNaN(this.utcOffsetUs)) this.utcOffsetUs = this.context.clock.utcOffsetUs();
    const { immediate, batched } = lanes;
    if (immediate.members.size > 0 && immediate.add(frame, offset, next, this.utcOffsetUs))
      this.flushLane(immediate, frame.board);
    if (batched.members.size === 0) return;
    if (batched.add(frame, offset, next, this.utcOffsetUs)) this.flushLane(batched, frame.board);
    if (this.isImmediate) this.batchTimer ??= setTimeout(() => this.flushBatched(), BATCH_MS);
  }

  /** The ring has no more for now. */
  batchEnd(): void {
    for (let board = 0; board < this.lanes.length; board++) {
      const lanes = this.lanes[board];
      if (lanes === undefined) continue;
      this.flushLane(lanes.immediate, board);
      // Frames have waited in the ring already: the reader looks once a batch.
      if (!this.isImmediate) this.flushLane(lanes.batched, board);
    }
    this.utcOffsetUs = Number.NaN;
  }

  private flushBatched(): void {
    this.batchTimer = undefined;
    for (const [board, lanes] of this.lanes.entries()) if (lanes !== undefined) this.flushLane(lanes.batched, board);
    this.context.flusher.flush();
  }

  private flushLane(lane: Lane<FramesChannel>, board: number): void {
    const { batch } = lane;
    if (batch.rows === 0) return;
    if (lane.members.size === 0) {
      batch.clear();
      return;
    }
    const { clock, delivery, state } = this.context;
    const nowUs = clock.nowUs();
    const boardState = state.board(board);
    delivery.stages.outlet.add(nowUs - batch.oldestJudgedUs);
    if (boardState !== undefined) {
      batch.late(
        nowUs,
        (stream) => outletBudgetUs(boardState, stream),
        (stream, count) =>
          delivery.misses.add(
            {
              board: boardState.id,
              stream: streamName(boardState, stream),
              client: null,
              culprit: 'outlet',
              outletUs: nowUs - batch.oldestJudgedUs,
              consumerUs: null,
            },
            count,
          ),
      );
    }
    // Taken for this batch already, where frames have just come.
    const utcOffsetUs = Number.isNaN(this.utcOffsetUs) ? clock.utcOffsetUs() : this.utcOffsetUs;
    lane.flush(boardState, nowUs, utcOffsetUs);
  }

  /** The board is about to be known anew: what waits goes out as what it was. */
  flushBoard(index: number): void {
    const lanes = this.lanes[index];
    if (lanes === undefined) return;
    this.flushLane(lanes.immediate, index);
    this.flushLane(lanes.batched, index);
  }

  /** Tells what the frames that come now are named by, when that is not as before. */
  boardChanged(before: BoardState | undefined, board: BoardState): void {
    const streams = streamsMessage(board);
    if (before !== undefined && JSON.stringify(streamsMessage(before)) === JSON.stringify(streams)) return;
    // Control goes before the data that waits with it, and this must come after the frames of before.
    this.context.flusher.flush();
    const packet = broadcastText(`frames:${board.id}`, 'streams', streams);
    for (const { boardId, member } of this.members) if (boardId === board.id) member.outbox.controlPacket(packet);
  }

  /** Nothing more comes under this id. What waited has been flushed. */
  gone(boardId: string, index: number, reason: string): void {
    this.lanes[index] = undefined;
    const packet = broadcastText(`frames:${boardId}`, 'gone', { reason });
    for (const channel of this.members) {
      if (channel.boardId !== boardId) continue;
      this.recovering.delete(channel);
      channel.member.outbox.controlPacket(packet);
    }
    this.adaptPatience();
  }

  encode(channel: FramesChannel, batch: FrameBatch): Uint8Array {
    const { clock, state } = this.context;
    const { encoder } = this.lanesOf(channel);
    return encoder.encode(
      batch,
      channel.encoding,
      state.board(channel.boardIndex),
      clock.nowUs() + clock.utcOffsetUs(),
    );
  }

  /** The gateway was overtaken by the ring: nobody live gets these. */
  lost(fromOffset: number, toOffset: number): void {
    this.batchEnd();
    this.flushBatched();
    this.position = toOffset;
    for (const member of this.members) {
      if (this.recovering.has(member)) continue;
      // How many of the slots were frames of this board, nobody knows any more.
      member.drop('outlet', null, fromOffset, toOffset);
      member.cursor = toOffset;
    }
  }

  private runRecoveries(): void {
    if (this.recoveryTimer !== undefined || this.recovering.size === 0) return;
    let isProgress = false;
    let turns = RECOVERY_TURNS;
    for (const channel of [...this.recovering]) {
      const before = channel.cursor;
      turns -= channel.recover(this.scratch, this.position, turns);
      isProgress ||= channel.cursor !== before;
      // Out, and in again at the end: next time the others come first.
      this.recovering.delete(channel);
      if (channel.cursor === this.position) this.goLive(channel);
      else this.recovering.add(channel);
      if (turns <= 0) break;
    }
    if (this.recovering.size === 0) return;
    const again = () => {
      this.recoveryTimer = undefined;
      this.runRecoveries();
      this.context.flusher.flush();
    };
    this.recoveryTimer = isProgress ? setImmediate(again) : setTimeout(again, RECOVERY_RETRY_MS);
  }

  close(): void {
    clearTimeout(this.batchTimer);
    clearTimeout(this.recoveryTimer as NodeJS.Timeout);
    clearImmediate(this.recoveryTimer as NodeJS.Immediate);
  }
}

/** 0 is no budget. */
const outletBudgetUs = (board: BoardState, stream: number): number =>
  board.contracts[streamName(board, stream)]?.delivery.outletUs || Number.POSITIVE_INFINITY;
