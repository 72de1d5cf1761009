/**
 * Opens and closes one port, its lock included, each within a bounded time: a call that hangs in the driver is left behind
 * here, and is known of.
 */
import { stat } from 'node:fs/promises';
import { PortError, portAbsent, portNotTty, toPortError } from './errors.js';
import { findOwners, lockPort, type PortLock } from './port-lock.js';
import { type OpenSerial, openSerial, type SerialIo } from './serial-io.js';
import type { Timers } from './timers.js';

const CLOSE_TIMEOUT_MS = 1000;
const OPEN_TIMEOUT_MS = 5000;

export interface PortAccessOptions {
  /** The port's path now, or null when there is none: a `/dev/…` path as it is, `vid:pid[:serial]` through the scout. */
  readonly resolve: () => Promise<string | null>;
  /** What the user wrote, for messages. */
  readonly name: string;
  readonly baud: number;
  readonly hupcl?: boolean;
  readonly open?: OpenSerial;
  readonly lock?: typeof lockPort;
  /** Devices that are no files (boards in this process) have no lock and no presence to check. */
  readonly isFile?: boolean;
}

export interface OpenPort {
  readonly io: SerialIo;
  readonly lock: PortLock | null;
  readonly path: string;
  /** Of the device node; 0 where there is none. */
  readonly device: number;
}

export class PortAccess {
  /** The driver has not come back from opening it, also when nobody waits any more. */
  #isInOpen = false;
  /** The port that was let go last. */
  #released: SerialIo | null = null;

  /** @param onUnlocked the port is opened without a lock of ours, because there is no place for one; called once */
  constructor(
    private readonly options: PortAccessOptions,
    private readonly timers: Timers,
    private readonly counters: { hungCloses: number; unlocked: number },
    private readonly onUnlocked: (path: string, reason: string) => void,
  ) {}

  /** Whether the driver is in a call for this port: while it hangs there, the process cannot exit. */
  get isHeld(): boolean {
    return this.#isInOpen || this.#released?.isClosing === true;
  }

  /** @throws PortError; nothing is held then */
  async open(): Promise<OpenPort> {
    const { name, baud, hupcl = false, resolve, isFile = true, open = openSerial } = this.options;
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
      return { io, lock, path, device };
    } catch (error) {
      await lock?.release();
      throw await toPortError(path, error, isLocked(error) ? await findOwners(path) : []);
    }
  }

  /** @param isDead the number of a dead device goes to the next one once it is closed: its lock must be gone by then */
  async close({ io, lock }: OpenPort, isDead: boolean): Promise<void> {
    if (isDead) await lock?.release();
    this.#released = io;
    if (!(await io.close(CLOSE_TIMEOUT_MS))) this.counters.hungCloses++;
    await lock?.release();
  }

  /** Without a place for lock files (a read-only container) serialport's own lock has to do. */
  async #lock(path: string): Promise<PortLock | null> {
    try {
      return await (this.options.lock ?? lockPort)(path);
    } catch (error) {
      if (error instanceof PortError || (error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
      if (this.counters.unlocked++ === 0) this.onUnlocked(path, (error as Error).message);
      return null;
    }
  }

  /** An open that hangs in the driver must not end the tries; should it end after all, its port is closed again. */
  #within(ms: number, opening: Promise<SerialIo>): Promise<SerialIo> {
    this.#isInOpen = true;
    return new Promise((resolve, reject) => {
      let isLate = false;
      const cancel = this.timers.after(ms, () => {
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
}

const isLocked = (error: unknown) => !(error instanceof PortError) && /lock|busy/i.test(String(error));

async function deviceOf(path: string): Promise<number> {
  const info = await stat(path);
  if (info.isCharacterDevice()) return info.rdev;
  throw portNotTty(path, info.isDirectory() ? 'a directory' : 'a file');
}
