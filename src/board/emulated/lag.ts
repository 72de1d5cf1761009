/**
 * Side channel on which an emulator of its own process reports how late it was itself, so that nobody takes its pacing for
 * the link's. A small file of fixed size, used as a ring: header {magic u32, capacity u32, written f64}, then
 * (monotonicUs f64, lagUs f64) pairs, one per 10 ms, little-endian.
 */

import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAGIC = 0x47414c54; // 'TLAG'
const HEADER_BYTES = 16;
const PAIR_BYTES = 16;
/** One minute. */
export const LAG_PAIRS = 6000;
const LAG_INTERVAL_US = 10_000;
const PREFIX = 'tautline-lag-';

/** Where lag files lie: memory where the system has it. */
function lagDirectory(): string {
  return process.platform === 'linux' ? '/dev/shm' : tmpdir();
}

/** Writes the largest lag of each 10 ms. */
export class LagWriter {
  readonly path: string;
  private readonly fd: number;
  private readonly buffer = new DataView(new ArrayBuffer(PAIR_BYTES));
  private readonly bytes = new Uint8Array(this.buffer.buffer);
  private written = 0;
  private untilUs = 0;
  private largestUs = 0;

  /** Creates the file, and removes those of processes that are gone. */
  constructor(directory: string = lagDirectory()) {
    removeOrphans(directory);
    this.path = join(directory, `${PREFIX}${process.pid}-${randomBytes(4).toString('hex')}`);
    this.fd = openSync(this.path, 'wx', 0o600);
    this.buffer.setUint32(0, MAGIC, true);
    this.buffer.setUint32(4, LAG_PAIRS, true);
    writeSync(this.fd, this.bytes, 0, HEADER_BYTES, 0);
  }

  /** A step that was planned `lagUs` before it was done, at `nowUs` (both by CLOCK_MONOTONIC). */
  record(nowUs: number, lagUs: number): void {
    if (lagUs > this.largestUs) this.largestUs = lagUs;
    if (nowUs < this.untilUs) return;
    this.append(nowUs, this.largestUs);
    this.untilUs = nowUs + LAG_INTERVAL_US;
    this.largestUs = 0;
  }

  close(): void {
    closeSync(this.fd);
    removeIfThere(this.path);
  }

  /** The pair first, then the count that makes it visible. */
  private append(nowUs: number, lagUs: number): void {
    this.buffer.setFloat64(0, nowUs, true);
    this.buffer.setFloat64(8, lagUs, true);
    writeSync(this.fd, this.bytes, 0, PAIR_BYTES, HEADER_BYTES + (this.written % LAG_PAIRS) * PAIR_BYTES);
    this.written++;
    this.buffer.setFloat64(0, this.written, true);
    writeSync(this.fd, this.bytes, 0, 8, 8);
  }
}

/** Reads through one descriptor that stays open: two reads of a few hundred bytes per question in the usual case. */
export class LagReader {
  private readonly fd: number;
  private readonly header = new DataView(new ArrayBuffer(HEADER_BYTES));
  private readonly pair = new DataView(new ArrayBuffer(PAIR_BYTES));

  /** @throws Error when the file is not there or is none of ours */
  constructor(readonly path: string) {
    this.fd = openSync(path, 'r');
    this.readInto(this.header, 0);
    if (this.header.getUint32(0, true) === MAGIC && this.header.getUint32(4, true) === LAG_PAIRS) return;
    closeSync(this.fd);
    throw new Error(`${path} is not a lag file of an emulator: take the path from its "lag" line.`);
  }

  /**
   * Largest lag of the emulator between two instants of CLOCK_MONOTONIC, in us.
   * @returns undefined when the ring no longer, or not yet, holds that time
   */
  lagAt(fromUs: number, toUs: number): number | undefined {
    this.readInto(this.header, 0);
    const written = this.header.getFloat64(8, true);
    const oldest = Math.max(0, written - LAG_PAIRS + 1); // the writer may be at work on the one before
    let largest: number | undefined;
    for (let index = written - 1; index >= oldest; index--) {
      this.readInto(this.pair, HEADER_BYTES + (index % LAG_PAIRS) * PAIR_BYTES);
      const endUs = this.pair.getFloat64(0, true);
      // It has not reported when it should have: it stands still now, and has done so since.
      const overdueUs = toUs - endUs - LAG_INTERVAL_US;
      if (index === written - 1 && overdueUs > LAG_INTERVAL_US) largest = overdueUs;
      if (endUs < fromUs) return largest;
      const lagUs = this.pair.getFloat64(8, true);
      // A pair speaks of the 10 ms before it, or of more when the emulator itself was held up.
      if (endUs - LAG_INTERVAL_US - lagUs <= toUs) largest = Math.max(largest ?? 0, lagUs);
    }
    return largest;
  }

  /** For how long between two instants the emulator was later than this, in us, as far back as the ring goes. */
  behindUs(fromUs: number, toUs: number, lateUs: number): number {
    this.readInto(this.header, 0);
    const written = this.header.getFloat64(8, true);
    let sum = 0;
    let untilUs = toUs;
    for (let index = written - 1; index >= Math.max(0, written - LAG_PAIRS + 1); index--) {
      this.readInto(this.pair, HEADER_BYTES + (index % LAG_PAIRS) * PAIR_BYTES);
      const endUs = this.pair.getFloat64(0, true);
      if (endUs < fromUs) break;
      const lagUs = this.pair.getFloat64(8, true);
      if (lagUs <= lateUs) continue;
      const beginUs = Math.max(fromUs, endUs - LAG_INTERVAL_US - lagUs);
      // What two pairs speak of counts once.
      sum += Math.max(0, Math.min(endUs, untilUs) - beginUs);
      untilUs = Math.min(untilUs, beginUs);
    }
    return sum;
  }

  close(): void {
    closeSync(this.fd);
  }

  private readInto(view: DataView, position: number): void {
    readSync(this.fd, view, 0, view.byteLength, position);
  }
}

function removeOrphans(directory: string): void {
  for (const name of readdirSync(directory)) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    if (pid > 0 && !isAlive(pid)) removeIfThere(join(directory, name));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, or somebody else's: nothing of ours is left.
  }
}
