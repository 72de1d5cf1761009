import { armStates } from '../../codec/schema.js';
import type { MissRecord } from '../../feed/events.js';
import { isoMicroseconds } from '../../host-clock.js';
import { missMessage } from '../../messages/miss.js';
import { stateMessage } from '../../messages/state.js';
import { encodeText } from '../../sdk/phoenix/serializer.js';
import { boardView, healthMessage, statsMessage } from '../messages.js';
import { type Answer, type Channel, type JoinResult, type Membership, ok, refuse } from '../phoenix/channel.js';
import { broadcastText, frameText } from '../phoenix/packet.js';
import { Presence } from '../phoenix/presence.js';
import type { BoardState, StreamState } from '../state.js';
import { parseCommand } from './command-push.js';
import type { Clock, TopicContext } from './topic.js';

/** Rates that `state` events come at. One clock for each, so that a message is encoded once. */
export const STATE_RATES_HZ = [1, 2, 5, 10, 20, 30, 60] as const;
export const STATE_RATE_DEFAULT_HZ = 10;
/** `miss` events a second of one board; the rest are counted in a `dropped`. */
const MISSES_PER_SECOND = 100;

interface Told {
  readonly version: number;
  readonly live: boolean;
  /** Those who were over their bound just then: nothing newer may come for a long time. */
  readonly owed: Set<BoardChannel>;
}

/** Members of one rate, and what they were told last of each stream. */
class RateGroup {
  readonly members = new Set<BoardChannel>();
  readonly told = new Map<string, Told>();
  timer: NodeJS.Timeout | undefined;
}

/** `board:<id>`: the newest state of every stream, conflated; misses, alarms, health; who is watching. */
export class BoardTopic {
  readonly name: string;
  private readonly groups = new Map<number, RateGroup>();
  private readonly members = new Set<BoardChannel>();
  readonly presence: Presence;
  private healthTold = 0;
  private missesInWindow = 0;
  private missesOmitted = 0;
  private wasArmed = false;

  constructor(
    readonly context: TopicContext,
    readonly boardId: string,
  ) {
    this.name = `board:${boardId}`;
    this.presence = new Presence(this.name, () => context.flusher.flush());
  }

  get subscribers(): number {
    return this.members.size;
  }

  get board(): BoardState | undefined {
    return this.context.state.boards.get(this.boardId);
  }

  join(board: BoardState, member: Membership, payload: Readonly<Record<string, unknown>>): JoinResult {
    const { rateHz = STATE_RATE_DEFAULT_HZ } = payload;
    if (typeof rateHz !== 'number' || !(rateHz > 0))
      return { ok: false, response: { reason: 'rateHz must be a number over 0' } };
    const rate = rateFor(rateHz, board);
    const channel = new BoardChannel(this, member, rateHz, rate);
    const { state, clock, epoch } = this.context;
    const view = boardView(board, state.alarmsOf(board.id), clock.nowUs(), clock.utcOffsetUs());
    return { ok: true, channel, response: { epoch, rateHz: rate, board: view } };
  }

  add(channel: BoardChannel): void {
    this.members.add(channel);
    let group = this.groups.get(channel.rateHz);
    if (group === undefined) {
      group = new RateGroup();
      this.groups.set(channel.rateHz, group);
    }
    const started = group;
    started.members.add(channel);
    started.timer ??= setInterval(() => this.tick(started), 1000 / channel.rateHz).unref();
  }

  remove(channel: BoardChannel): void {
    this.members.delete(channel);
    const group = this.groups.get(channel.rateHz);
    if (group === undefined) return;
    group.members.delete(channel);
    for (const { owed } of group.told.values()) owed.delete(channel);
    if (group.members.size === 0) {
      clearInterval(group.timer);
      this.groups.delete(channel.rateHz);
    }
  }

  /** The board is known, or known better: another lifespan may need another rate. */
  boardChanged(board: BoardState): void {
    const { state, clock } = this.context;
    for (const channel of [...this.members]) {
      const rateHz = rateFor(channel.askedHz, board);
      if (rateHz === channel.rateHz) continue;
      this.remove(channel);
      channel.rateHz = rateHz;
      this.add(channel);
    }
    this.broadcast('board', boardView(board, state.alarmsOf(board.id), clock.nowUs(), clock.utcOffsetUs()));
  }

  private tick(group: RateGroup): void {
    this.context.history()?.look();
    this.sendStates(group, false);
    this.context.flusher.flush();
  }

  /** Several times a second: what went stale is told at once, whatever the rate. */
  tellStale(): void {
    for (const group of this.groups.values()) this.sendStates(group, true);
  }

  private sendStates(group: RateGroup, onlyStale: boolean): void {
    const { clock } = this.context;
    const nowUs = clock.nowUs();
    for (const stream of this.board?.streams ?? []) {
      if (stream.version === 0) continue;
      const live = stream.isLive(nowUs);
      const told = group.told.get(stream.name);
      const wentStale = told?.live === true && !live;
      const isTold = told?.version === stream.version && told.live === live;
      const recipients = isTold ? told.owed : group.members;
      if (onlyStale ? !wentStale : recipients.size === 0) continue;
      const packet = this.packet('state', stateMessage(this.boardId, stream, nowUs, clock.utcOffsetUs()));
      const owed = new Set<BoardChannel>();
      for (const channel of recipients) {
        const { outbox } = channel.member;
        // That a value is stale is not lossy: a slow reader must not go on showing it as live.
        if (wentStale) outbox.controlPacket(packet);
        else if (!outbox.offer(packet)) owed.add(channel);
      }
      group.told.set(stream.name, { version: stream.version, live, owed });
    }
  }

  miss(miss: MissRecord): void {
    if (this.members.size === 0) return;
    const gap = miss.isGap ? Number.POSITIVE_INFINITY : MISSES_PER_SECOND;
    if (++this.missesInWindow > gap) {
      this.missesOmitted++;
      return;
    }
    const stream = this.board?.stream(miss.stream)?.name ?? String(miss.stream);
    const packet = this.packet('miss', missMessage(this.boardId, stream, miss, this.context.clock.utcOffsetUs()));
    for (const channel of this.members) channel.offerMiss(packet);
  }

  /** The gateway was overtaken by the events: nobody knows how many of them were misses of this board. */
  lost(): void {
    this.broadcast('dropped', { event: 'miss', count: null });
  }

  /** Control: goes to everybody. */
  broadcast(event: string, payload: unknown): void {
    const packet = this.packet(event, payload);
    for (const { member } of this.members) member.outbox.controlPacket(packet);
  }

  /** Lossy: who is over the bound misses it, and gets the next. */
  offer(event: string, payload: unknown): void {
    const packet = this.packet(event, payload);
    for (const { member } of this.members) member.outbox.offer(packet);
  }

  tellHealth(): void {
    const { board } = this;
    if (board?.health === undefined || this.members.size === 0 || board.healthVersion === this.healthTold) return;
    this.healthTold = board.healthVersion;
    this.checkControl(board.health.arm === armStates.armed);
    this.offer('health', healthMessage(board, this.context.clock.nowUs()));
  }

  /** Whoever ended it, or whatever: over a board that is not armed any more nobody holds control. */
  private checkControl(isArmed: boolean): void {
    if (this.wasArmed && !isArmed) this.presence.setControl(undefined, isoNow(this.context.clock));
    this.wasArmed = isArmed;
  }

  /** As they come: said again, figures of a loop that hangs would pass for new ones. */
  tellStats({ name, stats }: StreamState): void {
    if (stats !== undefined && this.members.size > 0) this.offer('stats', { stream: name, ...statsMessage(stats) });
  }

  /** Once a second. */
  beginMissWindow(): void {
    this.missesInWindow = 0;
    if (this.missesOmitted > 0) this.broadcast('dropped', { event: 'miss', count: this.missesOmitted });
    this.missesOmitted = 0;
  }

  private packet(event: string, payload: unknown): Uint8Array {
    return broadcastText(this.name, event, payload);
  }

  close(): void {
    for (const group of this.groups.values()) clearInterval(group.timer);
    this.presence.close();
  }
}

/** The next rate from what was asked for, and no lower than twice per lifespan: between two states a value must not go stale. */
function rateFor(askedHz: number, board: BoardState): number {
  const lifespansUs = Object.values(board.contracts).map((contract) => contract.lifespanUs);
  const wantedHz = Math.max(askedHz, 2e6 / Math.min(Number.POSITIVE_INFINITY, ...lifespansUs));
  return STATE_RATES_HZ.find((rate) => rate >= wantedHz) ?? STATE_RATES_HZ.at(-1)!;
}

const isoNow = (clock: Clock): string => isoMicroseconds(clock.nowUs() + clock.utcOffsetUs());

class BoardChannel implements Channel {
  private missesDropped = 0;

  constructor(
    private readonly topic: BoardTopic,
    readonly member: Membership,
    readonly askedHz: number,
    public rateHz: number,
  ) {}

  joined(): void {
    const { context, presence } = this.topic;
    this.topic.add(this);
    presence.join(this.member, isoNow(context.clock));
  }

  left(): void {
    this.topic.remove(this);
    this.topic.presence.leave(this.member);
  }

  offerMiss(packet: Uint8Array): void {
    const { topic, joinRef, outbox } = this.member;
    if (this.missesDropped > 0) {
      const payload = { event: 'miss', count: this.missesDropped };
      if (outbox.offer(frameText(encodeText({ joinRef, ref: null, topic, event: 'dropped', payload }))))
        this.missesDropped = 0;
    }
    if (this.missesDropped > 0 || !outbox.offer(packet)) this.missesDropped++;
  }

  push(event: string, payload: Readonly<Record<string, unknown>>): Answer | Promise<Answer> {
    if (event !== 'command') return refuse(`no event "${event}" here; there is "command"`);
    const { client } = this.member;
    const command = parseCommand(this.topic.boardId, payload, `socket ${client.name} ${client.address}`);
    if (typeof command === 'string') return refuse(command);
    const { context, presence } = this.topic;
    return context.commands.send(command).then((answer) => {
      if (!answer.ok) return refuse(answer.detail, { code: answer.code });
      if (command.name === 'arm') presence.setControl(this.member, isoNow(context.clock));
      if (command.name === 'disarm' || command.name === 'safe') presence.setControl(undefined, isoNow(context.clock));
      return ok({ detail: answer.detail });
    });
  }
}
