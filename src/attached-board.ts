/** One configured board: its port (or the emulator that makes one), and its loop on this thread. */
import { randomInt } from 'node:crypto';
import { Connection } from './board/connection.js';
import { lineBaud } from './board/emulated/baud.js';
import type { EmulatorChild } from './board/emulator-child.js';
import type { PortError } from './board/errors.js';
import type { DecoderCounters } from './codec/decoder.js';
import type { BoardConfig } from './config.js';
import { Evidence } from './deadline/evidence.js';
import { exitCodes } from './exit-codes.js';
import type { Feed } from './feed/feed.js';
import { hostClock, monotonicUs } from './host-clock.js';
import { BoardLoop } from './loop/board-loop.js';
import { EmulatedSource } from './loop/emulated-source.js';
import type { BoardLoopOptions } from './loop/surroundings.js';
import type { BoardCommand, CommandAnswer } from './outlet.js';

export interface AttachedBoardOptions {
  readonly index: number;
  readonly config: BoardConfig;
  readonly feed: Feed;
  /** Nobody waits for a port that is absent. */
  readonly once: boolean;
  /** There is no other board that the bridge could go on for. */
  readonly isOnly: boolean;
  /** The path that a setting means now; null when nothing like it is plugged in. */
  readonly resolve: (name: string) => Promise<string | null>;
  readonly isTaken: (id: string) => boolean;
  /** In place of the loop itself: one that writes down what it is given. */
  readonly createLoop?: (options: BoardLoopOptions) => BoardLoop;
  /** The board cannot be had, and the bridge is not to wait for it. */
  readonly onFatal: (exitCode: number, text: string) => void;
}

/** What full speed carries in bulk, 19 packets of 64 bytes a millisecond, in bits per second of a UART. */
const USB_BAUD = 12_160_000;

export class AttachedBoard {
  readonly loop: BoardLoop;
  readonly connection: Connection;
  readonly #emulated: EmulatedSource | null;

  constructor(private readonly options: AttachedBoardOptions) {
    const { index, feed } = options;
    const isUsb = options.config.line === 'usb';
    const baud = isUsb ? USB_BAUD : lineBaud(options.config.path, options.config.baud);
    const config = { ...options.config, baud };
    this.#emulated = EmulatedSource.of(config.path, {
      log: (level, text) => this.loop.report.log(level, text),
      refused: (text) => options.onFatal(exitCodes.usage, text),
    });
    const emulated = this.#emulated;
    const { createLoop = (loop) => new BoardLoop(loop) } = options;
    this.loop = createLoop({
      index,
      config,
      provisionalId: `board-${index + 1}`,
      feed,
      clock: hostClock,
      random32: () => randomInt(2 ** 32),
      // Native USB and a pseudo-terminal have no bit rate; an emulated board's line has, for the emulator keeps it.
      timedLine: emulated !== null || !(isUsb || config.path.startsWith('/dev/pts/')),
      evidence: (periodUs, onEmpty) =>
        new Evidence({ nowUs: monotonicUs, drain: () => this.connection.drainNow(), onEmpty, periodUs }),
      ...(emulated === null ? {} : { emulatorLagUs: (fromUs, toUs) => emulated.lagUs(fromUs, toUs) }),
      isTaken: options.isTaken,
    });
    this.connection = this.#connect();
  }

  /** As the settings name its port. */
  get path(): string {
    return this.options.config.path;
  }

  /** The emulator's process, of an emulated board. */
  get emulator(): EmulatorChild | null {
    return this.#emulated?.child ?? null;
  }

  start(): void {
    this.#emulated?.start(() => this.connection.tryNow());
    this.connection.open();
  }

  tick(nowUs: number): void {
    this.loop.tick(nowUs);
  }

  ask(command: BoardCommand, done: (answer: CommandAnswer) => void): void {
    this.loop.ask(command, monotonicUs(), done);
  }

  async stop(): Promise<void> {
    this.loop.dispose();
    await Promise.all([this.connection.close(), this.#emulated?.stop()]);
  }

  #connect(): Connection {
    const { config, resolve } = this.options;
    const emulated = this.#emulated;
    const { loop } = this;
    return new Connection(
      {
        name: config.path,
        baud: config.baud,
        retryFatal: () => !this.options.isOnly || this.connection.counters.opens > 0,
        understood: () => understoodBy(loop.decoder.counters),
        isComing: () => emulated !== null && emulated.port === null,
        resolve: async () => (emulated === null ? resolve(config.path) : emulated.port),
      },
      {
        opened: (path, atUs) => loop.opened({ path, send: (bytes) => this.connection.send(bytes) }, atUs),
        chunk: (bytes, arrival) => loop.chunk(bytes, arrival),
        unlocked: (path, reason) =>
          loop.report.log('warning', `${path} is used without a lock, so a second bridge can disturb it: ${reason}`),
        suspected: (error) => loop.suspected(error.message),
        closed: (error, atUs) =>
          loop.closed(`${error?.message ?? 'The port was closed.'} Trying again.`, 'absent', atUs),
        failed: (error, retryMs) => this.#onFailure(error, retryMs),
      },
    );
  }

  /**
   * What only a person can remove (no permission, not a port, another owner) ends a bridge that has never had its only
   * board: nobody is served by waiting. Later, or beside other boards, it is tried again as if the port were absent.
   * @param retryMs null: it is not tried any more
   */
  #onFailure(error: PortError, retryMs: number | null): void {
    const isStarting = this.#emulated !== null && error.code === 'PORT_ABSENT';
    if (isStarting) return;
    if (this.options.once || retryMs === null) {
      this.options.onFatal(error.exitCode, error.message);
      return;
    }
    const isRefused = this.connection.state === 'refused';
    this.loop.report.alarm('port', isRefused, error.message);
    this.loop.closed(`${error.message} Trying again.`, isRefused ? 'refused' : 'absent', monotonicUs());
  }
}

/** What of the received made sense; noise makes none of it. */
const understoodBy = ({ frames, plainLines, textLines }: Readonly<DecoderCounters>): number =>
  frames + plainLines + textLines;
