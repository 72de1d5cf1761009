/**
 * What stands retained on the broker: said in full after each connection, kept right while it lasts, and corrected where
 * an earlier run left something else. A broker remembers for ever; a bridge that crashed cannot take its words back.
 */
import type { TextEvent } from '../outlet.js';
import type { Boards, BoardView } from './boards.js';
import type { Outbound } from './outbound.js';
import { encodePublish, type MqttVersion } from './packet.js';
import { parseTopic, topics } from './topics.js';

const ONLINE = 'online';
export const OFFLINE = 'offline';
const ALARMS_MAX = 1000;

type AlarmText = Extract<TextEvent, { type: 'alarm' }>;
type BoardText = Extract<TextEvent, { type: 'board' }>;

export interface BridgeInfo {
  readonly version: string;
  readonly epoch: string;
  readonly startedUtcUs: number;
}

export class Birth {
  /** What a gateway elsewhere must know of each board to begin, by id. */
  private readonly sessions = new Map<string, { readonly board: BoardText; readonly gone: string | null }>();
  /** Newest word on each alarm, by topic; those that are over leave when they were published. */
  private readonly alarms = new Map<string, AlarmText>();

  constructor(
    private readonly info: BridgeInfo,
    private readonly boards: Boards,
    private readonly out: Outbound,
    private readonly onSecondBridge: () => void,
  ) {}

  /** A connection is up: everything, the bridge's own `online` last, so that who sees it finds the rest in place. */
  say(): void {
    const { version, epoch, startedUtcUs } = this.info;
    const started = new Date(startedUtcUs / 1e3).toISOString();
    this.out.retained(topics.bridgeInfo, JSON.stringify({ name: 'tautline', version, epoch, started }));
    for (const board of this.boards.all()) this.board(board);
    for (const id of this.sessions.keys()) this.saySession(id);
    for (const [topic, alarm] of this.alarms) this.publishAlarm(topic, alarm);
    this.out.retained(topics.bridgeState, ONLINE);
  }

  board(board: BoardView): void {
    if (board.descriptor !== null) this.out.retained(topics.descriptor(board.id), JSON.stringify(board.descriptor));
    this.availability(board);
  }

  availability(board: BoardView): void {
    if (board.online === null) return;
    this.out.retained(topics.availability(board.id), board.online ? ONLINE : OFFLINE);
  }

  /** Beside the descriptor: the boot, and the contracts as they are held. For gateways elsewhere. */
  session(board: BoardText): void {
    const before = this.sessions.get(board.id);
    if (before?.gone === null && JSON.stringify(before.board) === JSON.stringify(board)) return;
    this.sessions.set(board.id, { board, gone: null });
    this.saySession(board.id);
  }

  sessionGone(id: string, reason: string): void {
    const before = this.sessions.get(id);
    if (before === undefined) return;
    this.sessions.set(id, { board: before.board, gone: reason });
    this.saySession(id);
  }

  private saySession(id: string): void {
    const { board, gone } = this.sessions.get(id)!;
    this.out.retained(topics.session(id), JSON.stringify({ ...board, epoch: this.info.epoch, gone }));
  }

  /** Nobody has this id any more. */
  left({ id, online }: BoardView): void {
    // Empty: nothing is retained there any more.
    if (this.sessions.delete(id)) this.out.retained(topics.session(id), '');
    if (online !== false) this.out.retained(topics.availability(id), OFFLINE);
  }

  /** An alarm is a state: while there is no connection only its newest word is kept. */
  alarm(alarm: AlarmText): void {
    const topic = topics.alarm(alarm.board, alarm.id);
    if (!this.alarms.has(topic) && this.alarms.size >= ALARMS_MAX && !this.forgetOver()) return;
    this.alarms.set(topic, alarm);
    if (this.out.connection !== null) this.publishAlarm(topic, alarm);
  }

  /** What others, or an earlier run, say under our topics. */
  heard(topic: string, payload: Buffer, retained: boolean, nowUtcUs: number): void {
    const heard = parseTopic(topic);
    if (heard?.kind === 'bridge-state') {
      // The will of a connection that died before this one can come late.
      if (payload.toString() === OFFLINE) this.out.retained(topics.bridgeState, ONLINE);
    } else if (heard?.kind === 'bridge-info') {
      if (!retained && !payload.includes(this.info.epoch)) this.onSecondBridge();
    } else if (heard?.kind === 'availability') {
      const board = this.boards.withId(heard.board);
      const isOffline = payload.toString() === OFFLINE;
      if (retained && board === undefined && !isOffline) this.out.retained(topic, OFFLINE);
      // Another bridge took it for one of an earlier run. Only that is contradicted, so two never argue.
      if (!retained && board?.online === true && isOffline) this.availability(board);
    } else if (heard?.kind === 'session') {
      // Of an earlier run, or of one that said more: who follows this one would believe it.
      if (retained && payload.length > 0 && !this.sessions.has(heard.board)) this.out.retained(topic, '');
      // Another bridge took it for one of an earlier run.
      if (!retained && payload.length === 0 && this.sessions.has(heard.board)) this.saySession(heard.board);
    } else if (heard?.kind === 'alarm') {
      const ours = this.alarms.get(topic);
      const isActive = payload.includes('"active":true');
      if (!retained && ours?.active === true && !isActive) this.publishAlarm(topic, ours);
      if (!retained || ours !== undefined || !isActive) return;
      const { board, id } = heard;
      const text = 'ended while the bridge was away';
      this.out.retained(topic, alarmJson({ type: 'alarm', board, id, active: false, text, sinceUtcUs: nowUtcUs }));
    }
  }

  /** The last packets of an orderly stop: QoS 0, because nobody waits for answers any more. */
  goodbye(version: MqttVersion): Buffer[] {
    const retained = [topics.bridgeState, ...[...this.boards.all()].map((board) => topics.availability(board.id))];
    return retained.map((topic) =>
      encodePublish(version, { topic, qos: 0, retain: true, packetId: 0, expirySeconds: 0 }, OFFLINE),
    );
  }

  /** One that is over makes room: what the broker may remember of it is corrected when it is heard. @returns whether there was one */
  private forgetOver(): boolean {
    for (const [topic, { active }] of this.alarms) if (!active) return this.alarms.delete(topic);
    return false;
  }

  private publishAlarm(topic: string, alarm: AlarmText): void {
    this.out.retained(topic, alarmJson(alarm));
    if (!alarm.active) this.alarms.delete(topic);
  }
}

function alarmJson({ board, id, active, text, sinceUtcUs }: AlarmText): string {
  return JSON.stringify({ board, id, active, text, since: new Date(sinceUtcUs / 1e3).toISOString() });
}
