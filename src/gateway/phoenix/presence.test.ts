import { Presence as OfficialPresence } from 'phoenix';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Membership } from './channel.js';
import { PRESENCE_DIFF_MS, PRESENCE_MAX, Presence } from './presence.js';

/** What one member was sent, put together by the official client's own rules. */
class Watcher {
  state: Record<string, { metas: { control: boolean; phx_ref: string }[] }> = {};
  messages = 0;
  readonly member: Membership;

  constructor(name: string) {
    const outbox = {
      control: (text: string) => this.take(text),
      controlPacket: (packet: Uint8Array) => this.take(payloadOf(packet)),
    };
    this.member = {
      topic: 'board:pico',
      joinRef: '1',
      outbox,
      client: { id: 1, address: '127.0.0.1', name },
    } as unknown as Membership;
  }

  private take(text: string): void {
    this.messages++;
    const [, , , event, payload] = JSON.parse(text);
    this.state = (
      event === 'presence_state'
        ? OfficialPresence.syncState(this.state, payload)
        : OfficialPresence.syncDiff(this.state, payload)
    ) as never;
  }

  get names(): string[] {
    return Object.keys(this.state).sort();
  }
}

/** Without the WebSocket header. */
function payloadOf(packet: Uint8Array): string {
  const length = packet[1]!;
  return Buffer.from(packet.subarray(length < 126 ? 2 : length === 126 ? 4 : 10)).toString();
}

const settle = () => vi.advanceTimersByTime(PRESENCE_DIFF_MS);
const AT = '2026-01-01T00:00:00.000000Z';
let presence: Presence;
beforeEach(() => {
  vi.useFakeTimers();
  presence = new Presence('board:pico', () => {});
});
afterEach(() => {
  presence.close();
  vi.useRealTimers();
});

test('everybody comes to the same list, whoever came and went', () => {
  const [ada, grace, alan] = ['ada', 'grace', 'alan'].map((name) => new Watcher(name)) as [Watcher, Watcher, Watcher];
  presence.join(ada.member, AT);
  presence.join(grace.member, AT);
  settle();
  presence.join(alan.member, AT);
  presence.leave(grace.member);
  settle();
  expect(ada.names).toEqual(['ada', 'alan']);
  expect(alan.names).toEqual(['ada', 'alan']);
});

test('two of the same name are two', () => {
  const [one, two] = [new Watcher('ada'), new Watcher('ada')];
  presence.join(one.member, AT);
  presence.join(two.member, AT);
  settle();
  expect(one.state.ada?.metas).toHaveLength(2);
  presence.leave(two.member);
  settle();
  expect(one.state.ada?.metas).toHaveLength(1);
});

test('who came and went between two diffs leaves no trace', () => {
  const [ada, ghost] = [new Watcher('ada'), new Watcher('ghost')];
  presence.join(ada.member, AT);
  settle();
  presence.join(ghost.member, AT);
  presence.leave(ghost.member);
  settle();
  expect(ada.names).toEqual(['ada']);
});

test('control goes from one to the other', () => {
  const [ada, grace] = [new Watcher('ada'), new Watcher('grace')];
  presence.join(ada.member, AT);
  presence.join(grace.member, AT);
  presence.setControl(ada.member, AT);
  settle();
  expect([grace.state.ada?.metas[0]?.control, grace.state.grace?.metas[0]?.control]).toEqual([true, false]);
  presence.setControl(grace.member, AT);
  settle();
  expect([ada.state.ada?.metas[0]?.control, ada.state.grace?.metas[0]?.control]).toEqual([false, true]);
  expect(ada.state.ada?.metas).toHaveLength(1);
});

test('a flood of joins is one diff, and the list is bounded, but shows who holds control', () => {
  const watchers = Array.from({ length: PRESENCE_MAX + 50 }, (_, i) => new Watcher(`w${i}`));
  for (const { member } of watchers) presence.join(member, AT);
  settle();
  expect(watchers[0]?.messages).toBe(2);
  expect(watchers[0]?.names).toHaveLength(PRESENCE_MAX);
  const last = watchers.at(-1)!;
  expect(last.names).toHaveLength(PRESENCE_MAX);
  presence.setControl(last.member, AT);
  settle();
  expect(watchers[0]?.state[`w${PRESENCE_MAX + 49}`]?.metas[0]?.control).toBe(true);
});
