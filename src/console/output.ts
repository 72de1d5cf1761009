/**
 * Lines to stderr that never block and never grow without bound. A terminal that was stopped with Ctrl-S, or a pipe
 * whose reader sleeps, would hold a blocking write for ever, and with it the end of the process.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

const STDERR = 2;
/** What waits at most for a reader that doesn't read; then whole lines are dropped, and counted. */
export const BACKLOG_BYTES_MAX = 64 * 1024;
const RETRY_MS = 50;
/** A reader that does not read now, a disk that is full now. */
const passing: readonly (string | undefined)[] = ['EAGAIN', 'ENOSPC', 'EDQUOT'];

/** Writes what it can of these bytes and says how much; throws an error with a `code`, like `fs.writeSync`. */
export type WriteSome = (bytes: Uint8Array) => number;

export class Output {
  dropped = 0;
  readonly #write: WriteSome;
  #backlog: Buffer[] = [];
  #backlogBytes = 0;
  #unreported = 0;
  #retry: NodeJS.Timeout | undefined;
  #isGone = false;

  constructor(write: WriteSome) {
    this.#write = write;
  }

  line(text: string): void {
    if (this.#isGone) return;
    if (this.#unreported > 0 && this.#backlogBytes < BACKLOG_BYTES_MAX / 2) {
      const note = `… ${this.#unreported} lines dropped: stderr did not take them`;
      this.#unreported = 0;
      this.#push(note);
    }
    this.#push(text);
    if (this.#retry === undefined) this.flush();
  }

  /** Writes what can be written now. */
  flush(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    while (this.#backlog.length > 0) {
      const [head] = this.#backlog as [Buffer];
      const written = this.#writeSome(head);
      if (written < 0) return;
      this.#backlogBytes -= written;
      if (written < head.length) this.#backlog[0] = head.subarray(written);
      else this.#backlog.shift();
    }
  }

  #push(text: string): void {
    const bytes = Buffer.from(`${text}\n`);
    if (this.#backlogBytes + bytes.length > BACKLOG_BYTES_MAX) {
      this.dropped++;
      this.#unreported++;
      return;
    }
    this.#backlog.push(bytes);
    this.#backlogBytes += bytes.length;
  }

  /** @returns bytes written, or -1 when it has to wait or there is nobody to write to. */
  #writeSome(bytes: Buffer): number {
    try {
      return this.#write(bytes);
    } catch (error) {
      if (passing.includes((error as NodeJS.ErrnoException).code)) {
        this.#retry = setTimeout(() => this.flush(), RETRY_MS);
      } else {
        this.#isGone = true;
        this.#backlog = [];
      }
      return -1;
    }
  }
}

/**
 * Stderr for this thread, non-blocking where it could block. A terminal or a pipe is opened once more, because O_NONBLOCK
 * belongs to the open file, which is shared with whoever started us. A socket (systemd's journal) can't be opened again:
 * it is made non-blocking as it is, which Node does to every pipe and socket among its own stdio, too. A file never
 * blocks for long.
 */
export function openStderr(): { write: WriteSome; close: () => void } {
  const fd = openNonBlocking();
  return { write: (bytes) => writeSync(fd, bytes), close: () => fd !== STDERR && closeSync(fd) };
}

function openNonBlocking(): number {
  try {
    const stat = fstatSync(STDERR);
    // The handle sets the flag and does no more; libuv never closes descriptors 0 to 2.
    if (stat.isSocket()) new Socket({ fd: STDERR, readable: false }).unref();
    if (!stat.isFIFO() && !stat.isCharacterDevice()) return STDERR;
    return openSync('/proc/self/fd/2', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return STDERR; // no procfs, or not ours to open
  }
}
