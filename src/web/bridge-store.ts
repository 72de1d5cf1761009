/** The bridge as the page sees it: which boards, which outlets, and whether there is a connection at all. */
import { signal } from '@preact/signals';
import { type AlarmMessage, type BoardSummary, type Client, connect, type OutletSummary } from '../sdk/index.js';
import { isTokenRefused } from './access.js';
import { BoardStore } from './board-store.js';
import { onFrame } from './frame-loop.js';
import { lookAtDay } from './today.js';

export class BridgeStore {
  readonly connected = signal(false);
  readonly reason = signal('connecting');
  /** Undefined before the first list: connected is not yet to know that there is none. */
  readonly boards = signal<readonly BoardStore[] | undefined>(undefined);
  readonly outlets = signal<readonly OutletSummary[]>([]);
  readonly alarms = signal<readonly AlarmMessage[]>([]);
  readonly version = signal('');
  /** A gateway elsewhere, which takes no commands. */
  readonly readOnly = signal(false);
  readonly needsToken = signal(false);
  readonly #client: Client;
  readonly #stores = new Map<string, BoardStore>();

  constructor(address: string, token: string) {
    this.#client = connect(address, token === '' ? {} : { token });
    this.#client.on('status', ({ status, reason }) => {
      this.connected.value = status === 'open';
      if (status === 'open') this.needsToken.value = false;
      if (status !== 'closed') return;
      this.reason.value = reason;
      void isTokenRefused(token).then((refused) => {
        this.needsToken.value = refused;
      });
    });
    onFrame((nowMs) => {
      lookAtDay();
      for (const store of this.#stores.values()) store.look(nowMs);
    });
    const lobby = this.#client.lobby();
    lobby.on('joined', ({ version, readOnly }) => {
      this.version.value = version;
      this.readOnly.value = readOnly;
      this.#alarms(lobby.alarms.values());
    });
    lobby.on('boards', (boards) => this.#boards(boards));
    lobby.on('outlets', (outlets) => {
      this.outlets.value = outlets;
    });
    lobby.on('alarm', () => this.#alarms(lobby.alarms.values()));
  }

  #boards(summaries: readonly BoardSummary[]): void {
    for (const [id, store] of this.#stores) {
      if (summaries.some((summary) => summary.id === id)) continue;
      store.leave();
      this.#stores.delete(id);
    }
    for (const { id } of summaries) {
      if (!this.#stores.has(id)) this.#stores.set(id, new BoardStore(this.#client, id, this.readOnly));
    }
    this.boards.value = summaries.map(({ id }) => this.#stores.get(id)!);
  }

  /** Those of boards are shown with their board. */
  #alarms(alarms: Iterable<AlarmMessage>): void {
    this.alarms.value = [...alarms].filter((alarm) => alarm.board === null);
  }
}
