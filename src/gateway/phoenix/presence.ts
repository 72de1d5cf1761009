import { encodeText } from '../../sdk/phoenix/serializer.js';
import type { Membership } from './channel.js';
import { frameText } from './packet.js';

export interface PresenceMeta {
  /** Unique per meta; the clients tell metas apart by it. */
  readonly phx_ref: string;
  readonly address: string;
  readonly joinedAt: string;
  /** Whether the last accepted `arm` came from here. */
  readonly control: boolean;
}
type Metas = Record<string, { metas: PresenceMeta[] }>;

/** Who is told of one another: diffs are collected for this long, so that a flood of joins is not a square of messages. */
export const PRESENCE_DIFF_MS = 200;

/** Most that are listed: every newcomer is sent the list, so a thousand at once would be a million entries. */
export const PRESENCE_MAX = 200;

interface Entry {
  readonly member: Membership;
  meta: PresenceMeta;
}

/** Presence of one topic, in the form of Phoenix (`presence_state`, `presence_diff`). */
export class Presence {
  private readonly members = new Set<Membership>();
  /** Those of the members who are listed. */
  private readonly entries = new Map<Membership, Entry>();
  private joins: Entry[] = [];
  private leaves: { name: string; meta: PresenceMeta }[] = [];
  private timer: NodeJS.Timeout | undefined;
  private nextRef = 1;

  constructor(
    private readonly topic: string,
    private readonly flush: () => void,
  ) {}

  get size(): number {
    return this.members.size;
  }

  /** Sends the newcomer the state, and tells the others soon. */
  join(member: Membership, joinedAt: string): void {
    this.members.add(member);
    if (this.entries.size < PRESENCE_MAX) this.list(member, joinedAt, false);
    const { topic, joinRef } = member;
    member.outbox.control(encodeText({ joinRef, ref: null, topic, event: 'presence_state', payload: this.state() }));
  }

  private list(member: Membership, joinedAt: string, control: boolean): void {
    const entry = { member, meta: this.meta(member.client.address, joinedAt, control) };
    this.entries.set(member, entry);
    this.joins.push(entry);
    this.schedule();
  }

  leave(member: Membership): void {
    this.members.delete(member);
    const entry = this.entries.get(member);
    if (entry === undefined) return;
    this.entries.delete(member);
    this.retire(entry);
  }

  /** This member holds control from now on, or nobody does. */
  setControl(holder: Membership | undefined, joinedAt: string): void {
    for (const entry of this.entries.values()) {
      const control = entry.member === holder;
      if (entry.meta.control === control) continue;
      this.retire(entry);
      entry.meta = this.meta(entry.meta.address, entry.meta.joinedAt, control);
      this.joins.push(entry);
    }
    // Who holds control is listed, however many there are.
    if (holder !== undefined && this.members.has(holder) && !this.entries.has(holder))
      this.list(holder, joinedAt, true);
  }

  private meta(address: string, joinedAt: string, control: boolean): PresenceMeta {
    return { phx_ref: String(this.nextRef++), address, joinedAt, control };
  }

  private retire(entry: Entry): void {
    this.leaves.push({ name: entry.member.client.name, meta: entry.meta });
    this.schedule();
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => this.sendDiff(), PRESENCE_DIFF_MS).unref();
  }

  private state(): Metas {
    const state: Metas = Object.create(null);
    for (const { member, meta } of this.entries.values()) append(state, member.client.name, meta);
    return state;
  }

  private sendDiff(): void {
    this.timer = undefined;
    const left = new Set(this.leaves.map(({ meta }) => meta));
    const joins: Metas = Object.create(null);
    const joined = new Set<PresenceMeta>();
    for (const { member, meta } of this.joins) {
      if (left.has(meta) || !this.entries.has(member)) continue;
      append(joins, member.client.name, meta);
      joined.add(meta);
    }
    const leaves: Metas = Object.create(null);
    for (const { name, meta } of this.leaves) append(leaves, name, meta);
    this.joins = [];
    this.leaves = [];
    const text = encodeText({
      joinRef: null,
      ref: null,
      topic: this.topic,
      event: 'presence_diff',
      payload: { joins, leaves },
    });
    const packet = frameText(text);
    for (const { outbox } of this.members) outbox.controlPacket(packet);
    this.flush();
  }

  close(): void {
    clearTimeout(this.timer);
  }
}

function append(metas: Metas, name: string, meta: PresenceMeta): void {
  metas[name] ??= { metas: [] };
  metas[name].metas.push(meta);
}
