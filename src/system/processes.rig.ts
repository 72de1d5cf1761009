/** Looks at processes through /proc: who was started by whom, who is still there, what they hold open. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a condition; rejects after a deadline that only a broken program reaches. */
export async function until<T>(
  what: string,
  find: () => T | undefined | null | false,
  deadlineMs = 45_000,
): Promise<T> {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    const found = find();
    if (found) return found;
    if (Date.now() > endMs) throw new Error(`waited ${deadlineMs / 1000} s for ${what}`);
    await sleep(20);
  }
}

interface Stat {
  readonly state: string;
  readonly parent: number;
}

function statOf(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
}

/** A zombie has ended: only its parent has not yet asked how. */
export function isRunning(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== null && stat.state !== 'Z';
}

/** Processes that this one started and that run. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((each) => each > 0 && statOf(each)?.parent === pid && isRunning(each));
}

/** Those of them that run an emulated board: a bridge also runs `chrt` and `udevadm`, for a moment each. */
export function emulatorsOf(pid: number): number[] {
  return childrenWith(pid, 'emulate');
}

/** Those of them with this argument. */
export function childrenWith(pid: number, argument: string): number[] {
  return childrenOf(pid).filter((child) => argumentsOf(child).includes(argument));
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // it has just ended
  }
}

/** Paths that a process has open. */
export function openFilesOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return [readlinkSync(`${folder}/${fd}`)];
    } catch {
      return []; // closed between the two calls
    }
  });
}
