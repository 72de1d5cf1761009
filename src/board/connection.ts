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
import { baudSuspected, PortError, portAbsent, portHangup, portNotTty, portReplaced, toPortError } from './errors.js';
import { findOwners, lockPort, type PortLock } from './port-lock.js';
import { type OpenSerial, openSerial, type SerialCounters, type SerialIo } from './serial-io.js';
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

export interface ConnectionOptions {
  /** The port's path now, or null when there is none: a `/dev/…` path as it is, `vid:pid[:serial]` through the scout. */
  readonly resolve: () => Promise<string | null>;
  /** Whether the port is just being made, as an emulator's is: that it is absent is no failure then. */
  readonly isComing?: () => boolean;
  /** What the user wrote, for messages. */
  readonly name: string;
  readonly baud: number;
  readonly hupcl?: boolean;
  /** Whether to retry also what only a person can remove (a permission, another owner), as for a bridge that must run on. */
  readonly retryFatal?: () => boolean;
  /** How much of what came made sense: frames, readings and readable lines, cumulative. Without it no wrong baud rate is suspected. */
  readonly understood?: () => number;
  readonly random?: () => number;
  readonly nowUs?: () => number;
  readonly timers?: Timers;
  readonly open?: OpenSerial;
  readonly lock?: typeof lockPort;
  /** Devices that are no files (boards in this process) have no lock and no presence to check. */
  readonly isFile?: boolean;
}

/** An owner that is just leaving (a bridge that is being restarted) needs a moment: not the first refusal is final. */
const IN_USE_TRIES = 5;
const CLOSE_TIMEOUT_MS = 1000;
const OPEN_TIMEOUT_MS = 5000;
/** A port that has been quiet so long is checked: is its path still there, and still the same device? */
const PRESENCE_CHECK_MS = 500;

interface OpenPort {
  readonly io: SerialIo;
  readonly lock: PortLock | null;
  readonly path: string;
  /** Of the device node; 0 where there is none. */
  readonly device: number;
  readonly openedUs: number;
  /** `understood` when it was opened. */
  readonly understood: number;
}

export class Connection {
  readonly counters = { opens: 0, failures: 0, hangups: 0, replaced: 0, hungCloses: 0, unlocked: 0 };
  readonly #timers: Timers;
  readonly #nowUs: () => number;
  readonly #backoff: Backoff;
  readonly #options: ConnectionOptions;
  #state: LinkState = 'absent';
  #wanted = false;
  #port: OpenPort | null = null;
  #cancelTimer: () => void = () => {};
  #working: Promise<void> = Promise.resolve();
  #readBytesSeen = 0;
  #isBaudSuspected = false;
  /** In a row. */
  #inUse = 0;
  /** The driver has not come back from opening it, also when nobody waits any more. */
  #isInOpen = false;
  /** The port that was let go last. */
  #released: SerialIo | null = null;

  constructor(
    options: ConnectionOptions,
    private readonly sink: ConnectionSink,
  ) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
    this.#nowUs = options.nowUs ?? monotonicUs;
    this.#backoff = new Backoff(options.random ?? Math.random);
  }

  /**
   * `absent` (also while an owner may be just leaving), `opening`, `waiting` (open; what the board does is the session's to
   * say) or `refused`.
   */
  get state(): LinkState {
    return this.#state;
  }

  /** Of the port that is open; null otherwise. */
  get serial(): SerialCounters | null {
    return this.#port?.io.counters ?? null;
  }

  /** Whether the driver is in a call for this port: while it hangs there, the process cannot exit. */
  get isHeld(): boolean {
    return this.#isInOpen || this.#released?.isClosing === true;
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

  /** Gives the port up and opens it anew: somebody knows that it is dead. */
  reopen(reason: PortError): void {
    this.#drop(reason);
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
      const port = await this.#openPort().catch((error: unknown) => toPortError(this.#options.name, error));
      if (port instanceof Error) this.#onFailure(port);
      else if (this.#wanted) this.#onOpened(port);
      else await this.#release(port);
    });
  }

  #onOpened(port: OpenPort): void {
    this.#port = port;
    this.#state = 'waiting';
    this.#readBytesSeen = 0;
    this.#isBaudSuspected = false;
    this.#inUse = 0;
    this.counters.opens++;
    this.sink.opened(port.path, this.#nowUs());
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
    this.#state = 'absent';
    this.#cancelTimer();
    this.#working = this.#working.then(() => this.#release(port, reason?.code === 'PORT_HANGUP'));
    this.sink.closed(reason, this.#nowUs());
    if (this.#wanted) this.#schedule(this.#backoff.nextMs(), () => this.#try());
  }

  /** The number of a dead device goes to the next one once it is closed: its lock must be gone by then. */
  async #release({ io, lock }: OpenPort, isDead = false): Promise<void> {
    if (isDead) await lock?.release();
    this.#released = io;
    if (!(await io.close(CLOSE_TIMEOUT_MS))) this.counters.hungCloses++;
    await lock?.release();
  }

  /** Holds nothing when it rejects. */
  async #openPort(): Promise<OpenPort> {
    const { name, baud, hupcl = false, resolve, isFile = true, open = openSerial } = this.#options;
    const path = await resolve();
    if (path === null) throw portAbsent(name);
    // Another open would only find the port locked by the one that hangs.
    if (this.#isInOpen) throw new PortError('PORT_FAILED', path, `${path}: the driver still hangs in opening it.`);
    let lock: PortLock | null = null;
    try {
      const isNode = isFile && process.platform !== 'win32';
      const device = isNode ? await deviceOf(path) : 0;
      if (isNode) lock = await this.#lock(path);
      const io = await this.#within(OPEN_TIMEOUT_MS, open({ path, baud, hupcl }));
      const understood = this.#options.understood?.() ?? 0;
      return { io, lock, path, device, understood, openedUs: this.#nowUs() };
    } catch (error) {
      await lock?.release();
      throw await toPortError(path, error, isLocked(error) ? await findOwners(path) : []);
    }
  }

  /** Without a place for lock files (a read-only container) serialport's own lock has to do. */
  async #lock(path: string): Promise<PortLock | null> {
    try {
      return await (this.#options.lock ?? lockPort)(path);
    } catch (error) {
      if (error instanceof PortError || (error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
      if (this.counters.unlocked++ === 0) this.sink.unlocked?.(path, (error as Error).message);
      return null;
    }
  }

  /** An open that hangs in the driver must not end the tries; should it end after all, its port is closed again. */
  #within(ms: number, opening: Promise<SerialIo>): Promise<SerialIo> {
    this.#isInOpen = true;
    return new Promise((resolve, reject) => {
      let isLate = false;
      const cancel = this.#timers.after(ms, () => {
        isLate = true;
        reject(new Error(`the driver did not answer within ${ms} ms`));
      });
      opening.then(
        (io) => {
          cancel();
          if (isLate) void io.close(CLOSE_TIMEOUT_MS).then(() => this.#cameBack());
          else {
            this.#cameBack();
            resolve(io);
          }
        },
        (error) => {
          cancel();
          this.#cameBack();
          reject(error);
        },
      );
    });
  }

  #cameBack(): void {
    this.#isInOpen = false;
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

  #checkBaud({ io, openedUs, understood }: OpenPort): void {
    const { name, baud, understood: count } = this.#options;
    if (count === undefined || this.#isBaudSuspected) return;
    const { readBytes } = io.counters;
    if (!looksLikeWrongBaud(this.#nowUs() - openedUs, readBytes, count() - understood)) return;
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

const isLocked = (error: unknown) => !(error instanceof PortError) && /lock|busy/i.test(String(error));

async function deviceOf(path: string): Promise<number> {
  const info = await stat(path);
  if (info.isCharacterDevice()) return info.rdev;
  throw portNotTty(path, info.isDirectory() ? 'a directory' : 'a file');
}
