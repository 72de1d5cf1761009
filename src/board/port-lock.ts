/**
 * A lock file of our own for a port, taken before it is opened. serialport's own lock (flock) is only tried after it has
 * written its settings, so a second open that is refused has already changed the line of the first. The file is named by
 * the device number, so that a link, a by-id path and the device itself are one port.
 *
 * This keeps two of ours apart and names the owner. A program that knows neither lock (`cat`) still can take bytes away:
 * TIOCEXCL, which would prevent it, is an ioctl that Node cannot reach without native code. Such theft shows as gaps in
 * the sequence numbers.
 */
import type { Stats } from 'node:fs';
import {
  chmod,
  link,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PortOwner, portInUse } from './errors.js';

interface LockRecord extends PortOwner {
  readonly path: string;
  /** Start time of the process in clock ticks since boot: tells it from a later one with the same pid. Null where /proc is missing. */
  readonly startTicks: string | null;
}

export interface PortLock {
  readonly file: string;
  /** Gives the port free. Never rejects; safe to call twice. */
  release(): Promise<void>;
}

/** Where the lock files are: one place for all users of the machine. */
const lockDirectories = ['/run/lock', tmpdir()];

/** Field 22 of /proc/<pid>/stat. The command in field 2 may hold blanks and parentheses: count from its end. */
async function startTicks(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return text === null ? null : (text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function isAlive(record: LockRecord): Promise<boolean> {
  if (!exists(record.pid)) return false;
  const now = await startTicks(record.pid);
  return now === null || record.startTicks === null || now === record.startTicks;
}

/** Null when the file is gone or is not a lock of ours. */
async function readLock(file: string): Promise<{ text: string; record: LockRecord | null } | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const record = JSON.parse(text) as LockRecord;
    return { text, record: Number.isSafeInteger(record.pid) && record.pid > 0 ? record : null };
  } catch {
    return { text, record: null };
  }
}

/** The name appears with its content in one step, so nobody ever reads half a lock. False when the name is taken. */
async function create(file: string, text: string): Promise<boolean> {
  const draft = `${file}.${process.pid}.${process.hrtime.bigint()}`;
  await writeFile(draft, text);
  try {
    // All may read it. A mode given to the write would pass through the umask.
    await chmod(draft, 0o644);
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

/** Moves a stale lock out of the way. Another process may have replaced it since it was read: then it is put back. */
async function removeStale(file: string, staleText: string): Promise<void> {
  const aside = `${file}.stale.${process.pid}.${process.hrtime.bigint()}`;
  await rename(file, aside).catch(() => {});
  const moved = await readLock(aside);
  if (moved !== null && moved.text !== staleText) await link(aside, file).catch(() => {});
  await unlink(aside).catch(() => {});
}

async function lockDirectory(): Promise<string> {
  for (const parent of lockDirectories) {
    const directory = join(parent, 'tautline');
    // Sticky and writable for all, as /tmp is: ports are shared between the users of a group. mkdir would apply the umask.
    const made = await mkdir(directory).then(
      () => chmod(directory, 0o1777).then(() => true),
      (error: NodeJS.ErrnoException) => error.code === 'EEXIST',
    );
    if (made) return directory;
  }
  throw new Error(`no directory for lock files: tried ${lockDirectories.join(' and ')}`);
}

/**
 * Takes the lock of the device that `path` leads to.
 * @throws PortError `PORT_IN_USE` with the owner, when a living process has it; ENOENT when there is no such path;
 * another Error when there is no place for a lock, or the stale one of another user is in it.
 */
export async function lockPort(path: string, directory?: string): Promise<PortLock> {
  const taken = await takeLock({ name: deviceName(await stat(path)), path, directory });
  if ('release' in taken) return taken;
  throw portInUse(path, taken.owner === null ? [] : [taken.owner]);
}

/** The same for a link, a by-id path and the device itself. */
export const deviceName = ({ rdev, dev, ino }: Pick<Stats, 'rdev' | 'dev' | 'ino'>): string =>
  rdev === 0 ? `file-${dev}-${ino}` : `device-${rdev}`;

export interface LockOptions {
  /** Of the file, without its extension. */
  readonly name: string;
  /** What is locked, for whoever reads the file. */
  readonly path: string;
  /** What the owner is, for whoever is refused; undefined: its command line. */
  readonly owner?: string | undefined;
  readonly directory?: string | undefined;
}

/**
 * Takes the lock of that name, or says who has it; an owner of null is one that could not be read.
 * @throws Error when there is no place for a lock, or the stale one of another user is in it
 */
export async function takeLock(options: LockOptions): Promise<PortLock | { readonly owner: PortOwner | null }> {
  const { name, path, directory } = options;
  const file = join(directory ?? (await lockDirectory()), `${name}.lock`);
  const command = (options.owner ?? process.argv.slice(0, 4).join(' ')).slice(0, 200);
  const record: LockRecord = { pid: process.pid, startTicks: await startTicks(process.pid), command, path };
  const text = `${JSON.stringify(record)}\n`;
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await create(file, text)) return heldLock(file, text);
    const found = await readLock(file);
    if (found === null) continue;
    if (found.record !== null && (await isAlive(found.record))) return { owner: found.record };
    await removeStale(file, found.text);
    // In a sticky directory the leftover of another user stays: then there is no lock of ours to be had.
    if ((await readLock(file))?.text === found.text) throw new Error(`${file} is stale, and not ours to remove`);
  }
  return { owner: null };
}

function heldLock(file: string, text: string): PortLock {
  let released = false;
  return {
    file,
    async release() {
      if (released) return;
      released = true;
      const found = await readLock(file);
      if (found?.text === text) await unlink(file).catch(() => {});
    },
  };
}

/** Most processes that are looked at when searching for the owner of a port. */
const PROCESSES_MAX = 4096;
const OWNERS_MAX = 4;

/** The processes that have the device open, as far as this user may see; for a port that somebody else has locked. Linux only. */
export async function findOwners(path: string): Promise<PortOwner[]> {
  const device = await realpath(path).catch(() => path);
  const processes = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const owners: PortOwner[] = [];
  for (const pid of processes.slice(0, PROCESSES_MAX)) {
    if (Number(pid) !== process.pid && (await hasOpen(pid, device))) owners.push(await named(Number(pid)));
    if (owners.length === OWNERS_MAX) break;
  }
  return owners;
}

async function hasOpen(pid: string, device: string): Promise<boolean> {
  for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    if ((await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')) === device) return true;
  }
  return false;
}

async function named(pid: number): Promise<PortOwner> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return { pid, command: commandLine.replaceAll('\0', ' ').trim().slice(0, 200) || 'unknown' };
}
