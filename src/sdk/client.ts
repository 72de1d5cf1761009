import { BoardSubscription } from './board.js';
import { Emitter } from './emitter.js';
import { type FramesOptions, FramesSubscription } from './frames.js';
import { type LocalClock, localClock } from './live-state.js';
import { LobbySubscription } from './lobby.js';
import { PhoenixTransport, type PhoenixTransportOptions } from './phoenix/transport.js';
import type { Transport, TransportStatus } from './transport.js';
import { Way } from './way.js';

export interface ClientEvents {
  /** Of the connection. `reason` says why it ended. */
  status: { readonly status: TransportStatus; readonly reason: string };
}

export interface ClientOptions extends PhoenixTransportOptions {
  /** Another way to the bridge; the address is not used then. */
  readonly transport?: Transport;
  /** For tests. */
  readonly clock?: LocalClock;
}

/**
 * A client of one bridge. It connects at once and stays at it: after a loss it connects, joins and recovers again.
 *
 * @example
 * const client = connect('http://127.0.0.1:8080');
 * const board = client.board('pico');
 * board.on('state', (state) => console.log(state.values, state.live));
 * await board.request('arm');
 */
export class Client extends Emitter<ClientEvents> {
  private readonly transport: Transport;
  private readonly clock: LocalClock;
  private readonly way = new Way();

  constructor(address: string | readonly string[], options: ClientOptions = {}) {
    super();
    this.clock = options.clock ?? localClock;
    this.transport = options.transport ?? new PhoenixTransport(address, options);
    this.transport.open((status, reason) => this.emit('status', { status, reason }));
  }

  get status(): TransportStatus {
    return this.transport.status;
  }

  /** Newest states, misses, alarms, health; commands. @param options.rateHz most `state` events a second and stream */
  board(id: string, options: { readonly rateHz?: number } = {}): BoardSubscription {
    return new BoardSubscription(this.transport, id, options, this.clock, this.way);
  }

  /** Every frame, in order, recovered after a loss of the connection. */
  frames(board: string, options: FramesOptions = {}): FramesSubscription {
    return new FramesSubscription(this.transport, board, options, this.clock);
  }

  /** Which boards there are. */
  lobby(): LobbySubscription {
    return new LobbySubscription(this.transport);
  }

  /** For good. */
  close(): void {
    this.transport.close();
  }
}

/** @param address of the bridge, `http://127.0.0.1:8080`; or of several gateways of one bridge: it goes from one that does not answer to the next */
export function connect(address: string | readonly string[], options?: ClientOptions): Client {
  return new Client(address, options);
}
