import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The native half of @lydell/node-pty: its public `open()` reads the master by itself and keeps the slave open. */
interface NativePty {
  open(columns: number, rows: number): { master: number; slave: number; pty: string };
}

export interface Pty {
  /** Descriptor of the master, non-blocking. */
  readonly master: number;
  /** What a serial port library opens, for example /dev/pts/7. */
  readonly path: string;
}

/**
 * Opens a pseudo-terminal in raw mode and lets go of its slave, so that a host that opens it is seen to do so.
 * @throws Error where there are no pseudo-terminals, or no `stty`
 */
export function openPty(): Pty {
  if (process.platform === 'win32') {
    throw new Error('Windows has no pseudo-terminals.');
  }
  const require = createRequire(import.meta.url);
  const { requireBinary } = require('@lydell/node-pty/requireBinary.js') as { requireBinary(file: string): NativePty };
  const { master, slave, pty } = requireBinary('pty.node').open(80, 24);
  const stty = spawnSync('stty', ['raw', '-echo'], { stdio: [slave, 'ignore', 'pipe'] });
  closeSync(slave);
  if (stty.status === 0) return { master, path: pty };
  closeSync(master);
  throw new Error(
    `Cannot set ${pty} to raw mode: stty ended with ${stty.status}, "${stty.error?.message ?? String(stty.stderr).trim()}".`,
  );
}

/**
 * The board's end of a pseudo-terminal, read and written without blocking.
 * While nobody has the other end open, what the board sends is lost, as on a real line.
 */
export class PtyEnd {
  /** Whether somebody has the port open, as of the last `receive`. */
  open = false;
  /** Bytes that went nowhere because nobody had the port open. */
  unheardBytes = 0;

  constructor(private readonly pty: Pty) {}

  /** Reads what the host has sent into `buffer`, at most `limit` bytes; returns how many. */
  receive(buffer: Uint8Array, limit: number): number {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0; // an empty line is the usual case, and the trace of its EAGAIN costs more than the read
    try {
      const count = limit > 0 ? readSync(this.pty.master, buffer, 0, limit, null) : 0;
      this.open = true;
      return count;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EAGAIN') this.open = true;
      else if (code === 'EIO') this.hostLeft();
      else throw error;
      return 0;
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  /** Writes the first `length` bytes; returns how many are done with. The rest found the kernel's buffer full. */
  send(buffer: Uint8Array, length: number): number {
    if (!this.open) {
      this.unheardBytes += length;
      return length;
    }
    try {
      return writeSync(this.pty.master, buffer, 0, length);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EAGAIN') return 0;
      if (code !== 'EIO') throw error;
      this.unheardBytes += length;
      return length;
    }
  }

  close(): void {
    closeSync(this.pty.master);
  }

  /** What the host left unread must not greet the next one as if it were new. */
  private hostLeft(): void {
    if (!this.open) return;
    this.open = false;
    try {
      const slave = openSync(this.pty.path, constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
      try {
        const waste = new Uint8Array(4096);
        while (readSync(slave, waste) > 0);
      } finally {
        closeSync(slave);
      }
    } catch {
      // EAGAIN: empty now. Anything else: another host has it already, and its own flush on opening applies.
    }
  }
}
