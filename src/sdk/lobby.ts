import type { AlarmMessage, BoardSummary } from './messages.js';
import { Subscription, type SubscriptionEvents } from './subscription.js';
import type { Transport } from './transport.js';

export interface OutletSummary {
  readonly name: string;
  readonly up: boolean;
  readonly detail: string;
  readonly restarts: number;
}

export interface LobbyReply {
  readonly epoch: string;
  readonly version: string;
  /** A gateway elsewhere: commands are given to the bridge itself. */
  readonly readOnly: boolean;
  readonly boards: readonly BoardSummary[];
  readonly outlets: readonly OutletSummary[];
  readonly alarms: readonly AlarmMessage[];
}

export interface LobbyEvents extends SubscriptionEvents<LobbyReply> {
  boards: readonly BoardSummary[];
  outlets: readonly OutletSummary[];
  alarm: AlarmMessage;
  log: { readonly board: string | null; readonly level: string; readonly text: string; readonly utcUs: number };
}

/** `bridge:lobby`: which boards there are, and how the bridge is. */
export class LobbySubscription extends Subscription<LobbyReply, LobbyEvents> {
  boards: readonly BoardSummary[] = [];
  outlets: readonly OutletSummary[] = [];
  readonly alarms = new Map<string, AlarmMessage>();

  constructor(transport: Transport) {
    super(transport, 'bridge:lobby');
  }

  protected params(): Readonly<Record<string, unknown>> {
    return {};
  }

  protected onJoined({ boards, outlets, alarms }: LobbyReply): void {
    this.boards = boards;
    this.outlets = outlets;
    this.alarms.clear();
    for (const alarm of alarms) this.alarms.set(keyOf(alarm), alarm);
    this.emit('boards', boards);
    this.emit('outlets', outlets);
  }

  protected onEvent(name: string, payload: unknown): void {
    if (name === 'boards') {
      this.boards = (payload as { boards: readonly BoardSummary[] }).boards;
      this.emit('boards', this.boards);
    } else if (name === 'outlets') {
      this.outlets = (payload as { outlets: readonly OutletSummary[] }).outlets;
      this.emit('outlets', this.outlets);
    } else if (name === 'alarm') {
      const alarm = payload as AlarmMessage;
      if (alarm.active) this.alarms.set(keyOf(alarm), alarm);
      else this.alarms.delete(keyOf(alarm));
      this.emit('alarm', alarm);
    } else if (name === 'log') this.emit('log', payload as LobbyEvents['log']);
  }
}

const keyOf = (alarm: AlarmMessage): string => `${alarm.board ?? ''}/${alarm.id}`;
