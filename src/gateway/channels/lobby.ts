import type { OutletState, TextEvent } from '../../outlet.js';
import { boardStatus } from '../messages.js';
import type { Answer, Channel, JoinResult, Membership } from '../phoenix/channel.js';
import { refuse } from '../phoenix/channel.js';
import { broadcastText } from '../phoenix/packet.js';
import type { TopicContext } from './topic.js';

export const LOBBY = 'bridge:lobby';

/** `bridge:lobby`: which boards there are, how they are, the outlets, the bridge's own alarms and log. */
export class Lobby {
  private readonly members = new Set<Membership>();
  private boardsTold = '';

  constructor(private readonly context: TopicContext) {}

  join(member: Membership): JoinResult {
    const { epoch, version, readOnly, state } = this.context;
    const channel = new LobbyChannel(this.members, member);
    const response = {
      epoch,
      version,
      readOnly,
      // Those who are here already hear of what the newcomer is about to see.
      boards: this.tellBoards(),
      outlets: state.outlets,
      alarms: [...state.alarms.values()],
    };
    return { ok: true, channel, response };
  }

  boards(): { id: string; path: string; name: string | null; status: string }[] {
    const nowUs = this.context.clock.nowUs();
    return [...this.context.state.boards.values()].map((board) => ({
      id: board.id,
      path: board.path,
      name: board.descriptor?.name ?? null,
      status: boardStatus(board, nowUs),
    }));
  }

  /** Sends the list when it has changed. @returns the list */
  tellBoards(): ReturnType<Lobby['boards']> {
    const boards = this.boards();
    const text = JSON.stringify(boards);
    if (text !== this.boardsTold) this.broadcast('boards', { boards });
    this.boardsTold = text;
    return boards;
  }

  tellOutlets(outlets: readonly OutletState[]): void {
    this.broadcast('outlets', { outlets });
  }

  text(text: TextEvent): void {
    if (text.type === 'alarm') this.broadcast('alarm', text);
    else if (text.type === 'log') this.offer('log', text);
  }

  private broadcast(event: string, payload: unknown): void {
    const packet = packetOf(event, payload);
    for (const { outbox } of this.members) outbox.controlPacket(packet);
  }

  private offer(event: string, payload: unknown): void {
    const packet = packetOf(event, payload);
    for (const { outbox } of this.members) outbox.offer(packet);
  }
}

const packetOf = (event: string, payload: unknown): Uint8Array => broadcastText(LOBBY, event, payload);

class LobbyChannel implements Channel {
  constructor(
    private readonly members: Set<Membership>,
    private readonly member: Membership,
  ) {}

  joined(): void {
    this.members.add(this.member);
  }

  left(): void {
    this.members.delete(this.member);
  }

  push(event: string): Answer {
    return refuse(`no event "${event}" here: the lobby only tells`);
  }
}
