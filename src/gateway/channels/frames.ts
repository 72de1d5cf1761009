import { frameSlots } from '../../feed/slot.js';
import { encodeText } from '../../sdk/phoenix/serializer.js';
import type { FrameBatch } from '../frame-batch.js';
import { type Answer, type Channel, type Membership, refuse } from '../phoenix/channel.js';
import { SOFT_BOUND_BYTES } from '../phoenix/outbox.js';
import { frameText } from '../phoenix/packet.js';
import { acknowledged, notDelivered } from './consumers.js';
import type { FramesHub } from './frames-hub.js';
import type { FramesEncoding, LaneMember } from './lane.js';
import { SentBatches } from './sent-batches.js';

/** Frames of any board that one turn of a recovery looks at: bounds how long the others wait. */
const RECOVERY_SLOTS_PER_TURN = 4096;

export interface FramesJoin {
  readonly encoding: FramesEncoding;
  /** `true` batches, `false` every frame at once, undefined: whatever the number of subscribers allows. */
  readonly batch: boolean | undefined;
  readonly since: { readonly epoch: string; readonly offset: number } | undefined;
}

/** The join's parameters, or why they are wrong. */
export function parseFramesJoin(payload: Readonly<Record<string, unknown>>): FramesJoin | string {
  const { encoding = 'json', batch, since } = payload;
  if (encoding !== 'json' && encoding !== 'binary') return 'encoding must be "json" or "binary"';
  if (batch !== undefined && batch !== null && typeof batch !== 'boolean') return 'batch must be true or false';
  const parsed = parseSince(since);
  if (parsed === 'wrong') return 'since must be {epoch, offset} as an earlier reply or event gave it';
  return { encoding, batch: batch ?? undefined, since: parsed };
}

function parseSince(since: unknown): FramesJoin['since'] | 'wrong' {
  if (since === undefined || since === null) return undefined;
  if (typeof since !== 'object') return 'wrong';
  const { epoch, offset } = since as { epoch?: unknown; offset?: unknown };
  if (typeof epoch !== 'string' || typeof offset !== 'number' || !Number.isSafeInteger(offset) || offset < 0)
    return 'wrong';
  return { epoch, offset };
}

/** Frames that one client was not sent. */
interface Dropped {
  /** `consumer`: the client did not read; `outlet`: the gateway was too slow for the ring. */
  readonly culprit: 'consumer' | 'outlet';
  readonly count: number | null;
  readonly fromOffset: number;
  readonly toOffset: number;
}

type FeedHistory = NonNullable<ReturnType<FramesHub['context']['history']>>;

/** One client on `frames:<board>`: recovering from the ring's history, or live in one of its board's lanes. */
export class FramesChannel implements Channel, LaneMember {
  readonly encoding: FramesEncoding;
  /** Where the client is in the feed: everything before was sent, or reported as dropped. */
  cursor: number;
  private dropped: Dropped | undefined;
  /** Whether the recovery stands because the client has not read. */
  private isHeldUp = false;
  private readonly sent: SentBatches;

  constructor(
    private readonly hub: FramesHub,
    readonly boardIndex: number,
    readonly boardId: string,
    readonly member: Membership,
    readonly join: FramesJoin,
    cursor: number,
  ) {
    this.encoding = join.encoding;
    this.cursor = cursor;
    this.sent = new SentBatches(cursor);
  }

  joined(): void {
    this.hub.start(this);
  }

  left(): void {
    this.hub.remove(this);
  }

  push(event: string, payload: Readonly<Record<string, unknown>>): Answer | undefined {
    if (event !== 'ack') return refuse(`no event "${event}" here; there is "ack"`);
    const { offset, paintedUs } = payload;
    if (typeof offset !== 'number' || typeof paintedUs !== 'number' || !(paintedUs >= 0))
      return refuse('ack needs offset, and paintedUs >= 0: microseconds from receipt to the painted screen');
    const batch = this.sent.take(offset);
    // Recovered, acknowledged already, or never sent: nothing can be said of it.
    if (batch === null) return undefined;
    const roundUs = this.hub.context.clock.nowUs() - batch.atUs;
    acknowledged(this.hub.context, this.boardId, this.member.client, paintedUs, roundUs, batch);
    return undefined;
  }

  deliver(packet: Uint8Array, batch: FrameBatch, sentUs: number): void {
    const { outbox } = this.member;
    if (this.sendDropped() && outbox.offer(packet)) {
      this.sent.add(batch.toOffset, sentUs, sentUs - batch.oldestJudgedUs, batch.streams);
    } else {
      this.drop('consumer', batch.rows, batch.fromOffset, batch.toOffset);
      notDelivered(this.hub.context, this.boardId, this.member.client, batch);
    }
    this.cursor = batch.toOffset;
  }

  /** These will not come: told before the next frame that does. A null count: the ring cannot say how many. */
  drop(culprit: Dropped['culprit'], count: number | null, fromOffset: number, toOffset: number): void {
    const before = this.dropped ?? { count: 0, fromOffset };
    const isKnown = count !== null && before.count !== null;
    this.dropped = { ...before, culprit, count: isKnown ? before.count! + count : null, toOffset };
  }

  /** @returns whether the client knows of everything that it was not sent */
  private sendDropped(): boolean {
    if (this.dropped === undefined) return true;
    const { topic, joinRef, outbox } = this.member;
    if (!outbox.offer(frameText(encodeText({ joinRef, ref: null, topic, event: 'dropped', payload: this.dropped }))))
      return false;
    this.dropped = undefined;
    return true;
  }

  /**
   * Sends what the ring still holds from the cursor on, as far as the client takes it.
   * @param turns looks into the ring that it may take
   * @returns how many it took
   */
  recover(batch: FrameBatch, position: number, turns: number): number {
    const feed = this.hub.context.history();
    const { outbox } = this.member;
    let taken = 0;
    while (feed !== undefined && this.cursor < position && taken < turns) {
      if (outbox.backlogBytes >= SOFT_BOUND_BYTES / 2) {
        this.isHeldUp = true;
        break;
      }
      taken++;
      const oldest = feed.oldestOffset();
      if (this.cursor < oldest) {
        this.overtaken(this.cursor, oldest);
        this.cursor = oldest;
        continue;
      }
      const next = this.collect(feed, batch, Math.min(position, this.cursor + RECOVERY_SLOTS_PER_TURN));
      if (batch.rows > 0) {
        batch.toOffset = next;
        // Not taken: the client has to read first; the same frames are tried again.
        this.isHeldUp = !this.sendDropped() || !outbox.offer(this.hub.encode(this, batch));
        if (this.isHeldUp) break;
        outbox.flush();
      }
      this.cursor = next;
      this.sent.forget(next);
    }
    return taken;
  }

  /**
   * The ring was faster than the recovery, because the client did not read, or because its turn came too late; or the
   * frames never came here, which is nobody's slowness but the outlet's.
   */
  private overtaken(fromOffset: number, toOffset: number): void {
    const isOverwritten = fromOffset < (this.hub.context.history()?.oldestOffset() ?? 0);
    this.drop(this.isHeldUp && isOverwritten ? 'consumer' : 'outlet', null, fromOffset, toOffset);
  }

  /** Fills the batch from the history. @returns where it ends */
  private collect(feed: FeedHistory, batch: FrameBatch, end: number): number {
    const utcOffsetUs = this.hub.context.clock.utcOffsetUs();
    let next = this.cursor;
    batch.clear();
    const reached = feed.history(this.cursor, end, (frame, offset) => {
      // A hole: the producer overwrote what was to be visited, or it never came here. What is in the batch goes first.
      if (offset > next && batch.rows > 0) return false;
      if (offset > next) this.overtaken(next, offset);
      next = offset + frameSlots(frame.count);
      if (frame.board === this.boardIndex) batch.add(frame, offset, next, utcOffsetUs);
      return !batch.isFull;
    });
    // The next time begins at the hole.
    if (reached <= next || batch.rows > 0) return next;
    this.overtaken(next, reached);
    return reached;
  }
}
