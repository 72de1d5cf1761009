/**
 * One port, kept open: opened, watched, closed, and opened again with backoff. The path is resolved anew on every try, so
 * that a board that comes back as another device behind the same link, or at another USB socket, is found.
 *
 * It knows nothing of protocols: bytes go out through `send`, chunks come in at the sink.
 */
import { stat } from 'node:fs/promises';
import type { Arrival } from '../codec/decoder.js';
import type { LinkState } from '../feed/slot.js';
import { monotonicUs } from '../host-clock.js';
import { Backoff } from './backoff.js';
import { looksLikeWrongBaud } from './baud-suspicion.js';
import { baudSuspected, type PortError, portAbsent, portHangup, portReplaced, toPortError } from './errors.js';
import { type OpenPort, PortAccess, type PortAccessOptions } from './port-access.js';
import { realTimers, type Timers } from './timers.js';

export interface ConnectionSink {
  /** The port is open; bytes follow. `path` is what it resolved to. */
  opened(path: string, atUs: number): void;
  /** Both are valid only during the call. */
  chunk(bytes: Uint8Array, arrival: Arrival): void;
  /** An open port is gone, or was given up. Nothing follows until `opened`. */
  closed(reason: PortError | null, atUs: number): void;
  /** The bytes make no sense: `error` says so, once per opening, and names the usual baud rates. The port stays open. */
  suspected?(error: PortError): void;
  /** The port is opened without a lock of ours, because there is no place for one. Said once. */
  unlocked?(path: string, reason: string): void;
  /** A try failed; the next one follows in `retryMs`. Null: only a person can help (`error.exitCode`), nothing is tried any more. */
  failed(error: PortError, retryMs: number | null): void;
}

export interface ConnectionOptions extends PortAccessOptions {
  /** Whether the port is just being made, as an emulator's is: that it is absent is no failure then. */
  readonly isComing?: () => boolean;
  /** Whether to retry also what only a person can remove (a permission, another owner), as for a bridge that must run on. */
  readonly retryFatal?: () => boolean;
  /** How much of what came made sense: frames, readings and readable lines, cumulative. Without it no wrong baud rate is suspected. */
  readonly understood?: () => number;
  readonly random?: () => number;
  readonly nowUs?: () => number;
  readonly timers?: Timers;
}

/** An owner that is just leaving (a bridge that is being restarted) needs a moment: not the first refusal is final. */
const IN_USE_TRIES = 5;
/** A port that has been quiet so long is checked: is its path still there, and still the same device? */
const PRESENCE_CHECK_MS = 500;

export class Connection {
  readonly counters = { opens: 0, failures: 0, hangups: 0, replaced: 0, hungCloses: 0, unlocked: 0 };
  readonly #timers: Timers;
  readonly #nowUs: () => number;
  readonly #backoff: Backoff;
  readonly #options: ConnectionOptions;
  readonly #access: PortAccess;
  #state: LinkState = 'absent';
  #wanted = false;
  #port: OpenPort | null = null;
  #cancelTimer: () => void = () => {};
  #working: Promise<void> = Promise.resolve();
  /** By ports that are closed by now. */
  #refusedMessages = 0;
  #readBytesSeen = 0;
  /** Since it was opened: `openedUs`, and `understood` then. */
  #openedUs = 0;
  #understood = 0;
  #isBaudSuspected = false;
  /** In a row. */
  #inUse = 0;

  constructor(
    options: ConnectionOptions,
    private readonly sink: ConnectionSink,
  ) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
    this.#nowUs = options.nowUs ?? monotonicUs;
    this.#backoff = new Backoff(options.random ?? Math.random);
    this.#access = new PortAccess(options, this.#timers, this.counters, (path, reason) =>
      this.sink.unlocked?.(path, reason),
    );
  }

  /**
   * `absent` (also while an owner may be just leaving), `opening`, `waiting` (open; what the board does is the session's to
   * say) or `refused`.
   */
  get state(): LinkState {
    return this.#state;
  }

  /** Messages that its ports had no room for, over all openings. */
  get refusedMessages(): number {
    return this.#refusedMessages + (this.#port?.io.counters.refusedMessages ?? 0);
  }

  /** Whether the driver is in a call for this port: while it hangs there, the process cannot exit. */
  get isHeld(): boolean {
    return this.#access.isHeld;
  }

  /** Begins, and goes on until `close`. */
  open(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#try();
  }

  /** The scout saw ports change: no need to wait for the next try. */
  tryNow(): void {
    if (!this.#wanted || this.#port !== null || this.#state === 'opening') return;
    this.#cancelTimer();
    this.#try();
  }

  /** False when the port is not open or takes no more. */
  send(bytes: Uint8Array): boolean {
    return this.#port?.io.send(bytes) ?? false;
  }

  /**
   * The edge of DTR that resets an Arduino; see `SerialIo.pulseDtr`.
   * @throws Error when the port is not open, or has no such line
   */
  async pulseDtr(lowMs: number): Promise<void> {
    if (this.#port === null) throw portAbsent(this.#options.name);
    await this.#port.io.pulseDtr(lowMs);
  }

  /** One look at the port without waiting: see `SerialIo.drainNow`. */
  drainNow(): number {
    return this.#port?.io.drainNow() ?? -1;
  }

  /** Ends it. Resolves when the port is closed, or the bounded wait for that is over. Open again with `open`. */
  async close(): Promise<void> {
    this.#wanted = false;
    this.#cancelTimer();
    this.#drop(null);
    await this.#working;
    this.#state = 'absent';
  }

  #try(): void {
    this.#state = 'opening';
    this.#working = this.#working.then(async () => {
      if (!this.#wanted) return;
      const port = await this.#access.open().catch((error: unknown) => toPortError(this.#options.name, error));
      if (port instanceof Error) this.#onFailure(port);
      else if (this.#wanted) this.#onOpened(port);
      else await this.#access.close(port, false);
    });
  }

  #onOpened(port: OpenPort): void {
    this.#port = port;
    this.#state = 'waiting';
    this.#readBytesSeen = 0;
    this.#openedUs = this.#nowUs();
    this.#understood = this.#options.understood?.() ?? 0;
    this.#isBaudSuspected = false;
    this.#inUse = 0;
    this.counters.opens++;
    this.sink.opened(port.path, this.#openedUs);
    port.io.receive({
      chunk: (bytes, arrival) => {
        if (this.#port === port) this.sink.chunk(bytes, arrival);
      },
      hangup: (cause) => {
        if (this.#port !== port) return;
        this.counters.hangups++;
        this.#drop(portHangup(this.#options.name, cause));
      },
    });
    this.#watch();
  }

  #onFailure(error: PortError): void {
    if (!(error.code === 'PORT_ABSENT' && this.#options.isComing?.())) this.counters.failures++;
    if (!this.#wanted) return;
    this.#inUse = error.code === 'PORT_IN_USE' ? this.#inUse + 1 : 0;
    const isLeaving = this.#inUse > 0 && this.#inUse <= IN_USE_TRIES;
    const isRefused = !error.retry && !isLeaving;
    const isOver = isRefused && !(this.#options.retryFatal?.() ?? false);
    this.#state = isRefused ? 'refused' : 'absent';
    if (isOver) this.#wanted = false;
    const retryMs = isOver ? null : this.#backoff.nextMs();
    this.sink.failed(error, retryMs);
    if (retryMs !== null) this.#schedule(retryMs, () => this.#try());
  }

  /** Lets go of the port at once, closes it behind the scenes, and tries again when it is still wanted. */
  #drop(reason: PortError | null): void {
    const port = this.#port;
    if (port === null) return;
    this.#port = null;
    this.#refusedMessages += port.io.counters.refusedMessages;
    this.#state = 'absent';
    this.#cancelTimer();
    this.#working = this.#working.then(() => this.#access.close(port, reason?.code === 'PORT_HANGUP'));
    this.sink.closed(reason, this.#nowUs());
    if (this.#wanted) this.#schedule(this.#backoff.nextMs(), () => this.#try());
  }

  /** The hangup of an unplugged adapter can come late or never: a port that is quiet is looked for at its path. */
  #watch(): void {
    this.#schedule(PRESENCE_CHECK_MS, () => {
      const port = this.#port;
      if (port === null) return;
      const { readBytes } = port.io.counters;
      const isQuiet = readBytes === this.#readBytesSeen;
      this.#readBytesSeen = readBytes;
      if (!isQuiet) this.#backoff.reset();
      else if (port.device !== 0) void this.#checkPresence(port);
      this.#checkBaud(port);
      this.#watch();
    });
  }

  #checkBaud({ io }: OpenPort): void {
    const { name, baud, understood: count } = this.#options;
    if (count === undefined || this.#isBaudSuspected) return;
    const { readBytes } = io.counters;
    if (!looksLikeWrongBaud(this.#nowUs() - this.#openedUs, readBytes, count() - this.#understood)) return;
    this.#isBaudSuspected = true;
    this.sink.suspected?.(baudSuspected(name, baud, readBytes));
  }

  async #checkPresence(port: OpenPort): Promise<void> {
    const device = await stat(port.path).then(
      ({ rdev }) => rdev,
      () => null,
    );
    if (device === port.device || this.#port !== port) return;
    this.counters.replaced++;
    this.#drop(portReplaced(this.#options.name));
  }

  #schedule(ms: number, callback: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#timers.after(ms, callback);
  }
}
