/** What a client of the bridge's socket gets: the real client, joined to the board and to all of its frames. */
import { type Verdict, verdicts } from '../deadline/verdict.js';
import {
  type BoardSubscription,
  Client,
  type FramesBatch,
  type FramesSubscription,
  type Gap,
  type WebSocketConstructor,
} from '../sdk/index.js';
import type { HealthMessage, MissMessage, StateMessage } from '../sdk/messages.js';
import { awaitOutlet } from './outlet-wait.js';
import type { Rig } from './rig.js';
import { refusalExcuse } from './time-out.js';

/** One frame as the client got it; times as in the socket protocol. */
export interface SocketFrame {
  readonly stream: string;
  readonly boot: number;
  readonly seq: number;
  readonly releaseUs: number;
  readonly verdict: Verdict;
  readonly values: readonly number[];
}

const FRAMES_MAX = 200_000;

export class SocketTap {
  /** In the order in which they came. */
  readonly frames: SocketFrame[] = [];
  readonly states: StateMessage[] = [];
  readonly misses: MissMessage[] = [];
  readonly healths: HealthMessage[] = [];
  /** Frames that the bridge said it would not deliver. */
  readonly gaps: Gap[] = [];
  /** Past the first 200,000. */
  omitted = 0;
  #board: BoardSubscription | null = null;
  #frames: FramesSubscription | null = null;

  private constructor(
    private readonly rig: Rig,
    readonly url: string,
    /** For whatever else a test wants to join. */
    readonly client: Client,
  ) {}

  static async connect(rig: Rig): Promise<SocketTap> {
    const { httpPort } = await rig.outlets();
    const url = `http://127.0.0.1:${httpPort}`;
    return new SocketTap(rig, url, new Client(url, { name: 'hil', WebSocket: await webSocket() }));
  }

  /** Joins the board, which must have told its id: after `bridge.streaming()`. */
  async join(): Promise<void> {
    const { id } = this.rig.loop;
    const board = this.client.board(id, { rateHz: 60 });
    const frames = this.client.frames(id, { batch: false });
    this.#board = board;
    this.#frames = frames;
    board.on('state', ({ message }) => this.states.push(message));
    board.on('miss', (miss) => this.misses.push(miss));
    board.on('health', (health) => this.healths.push(health));
    frames.on('frames', (batch) => this.#take(batch));
    frames.on('gap', (gap) => this.gaps.push(gap));
    await this.until(`"${id}" is joined`, () => board.status === 'joined' && frames.status === 'joined');
  }

  /** A command, as somebody at a dashboard gives it; time passes until it is answered. Rejects as the client does. */
  async command(name: string, ...values: number[]): Promise<string> {
    if (this.#board === null) throw new Error('the socket has joined no board: await socket.join() first');
    let isAnswered = false;
    const answer = this.#board.request(name, values).finally(() => {
      isAnswered = true;
    });
    answer.catch(() => {}); // awaited below
    const fromUs = this.rig.nowUs();
    await this.until(`an answer to "${name}"`, () => isAnswered);
    return answer.catch((error: Error & { readonly code?: string }) => {
      const { trace } = this.rig;
      const excuse = refusalExcuse(trace, error.code ?? '', fromUs);
      throw excuse === null ? error : trace.options.inconclusive(`"${name}": ${error.message}; ${excuse}`);
    });
  }

  /** Lets time pass until the condition holds. */
  until(what: string, condition: (tap: this) => boolean): Promise<void> {
    return awaitOutlet(this.rig, what, () => condition(this));
  }

  async close(): Promise<void> {
    this.#board?.leave();
    this.#frames?.leave();
    this.client.close();
  }

  #take({ streams }: FramesBatch): void {
    for (const { stream, columns } of streams) {
      const { seq, releaseUs, status, values, boot, rows } = columns;
      for (let row = 0; row < rows; row++) {
        if (this.frames.length >= FRAMES_MAX) {
          this.omitted++;
          continue;
        }
        this.frames.push({
          stream,
          boot,
          seq: seq[row]!,
          releaseUs: releaseUs[row]!,
          verdict: verdicts[status[row]! & 0xff]!,
          values: values.map((column) => column[row]!),
        });
      }
    }
  }
}

/** Node has one of its own from version 22 on. */
async function webSocket(): Promise<WebSocketConstructor> {
  const { WebSocket } = globalThis as { WebSocket?: WebSocketConstructor };
  return WebSocket ?? ((await import('ws')).WebSocket as unknown as WebSocketConstructor);
}
