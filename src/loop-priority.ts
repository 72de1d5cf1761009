/**
 * The thread of the tight loop before all ordinary threads of the machine, its own outlets first among them, where the
 * kernel grants it. Only that thread: what it starts (outlets, emulators, thread pools) begins as ordinary.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Field 41 of /proc/PID/stat, counted behind the name, which may hold anything in parentheses. */
const POLICY_FIELD = 41 - 3;
const ORDINARY = '0';

export interface LoopPriority {
  /** SCHED_FIFO priority that was set; 0: none. */
  readonly priority: number;
  /** Why there is none; null when it was not refused. */
  readonly refusal: string | null;
}

/**
 * Call on the main thread before it starts others. Changes nothing when whoever started this process chose for it (`chrt`,
 * systemd).
 * @param wanted 1..99; 0 stays ordinary
 */
export function raiseLoopPriority(wanted: number): LoopPriority {
  if (wanted === 0 || process.platform !== 'linux' || policyOf(process.pid) !== ORDINARY) return unchanged(null);
  const refusal = chrt(['--reset-on-fork', '--fifo', '--pid', String(wanted), String(process.pid)]);
  return refusal === null ? { priority: wanted, refusal } : unchanged(refusal);
}

/** Ends what `raiseLoopPriority` began, for a process that goes on without the bridge. */
export function lowerLoopPriority({ priority }: LoopPriority): void {
  if (priority > 0) chrt(['--other', '--pid', '0', String(process.pid)]);
}

/**
 * Puts another process before all ordinary ones: one that stands for a board, which no machine slows down.
 * @returns why it was refused; null when it was done
 */
export function makeRealTime(pid: number, priority: number): string | null {
  return process.platform === 'linux' ? chrt(['--fifo', '--pid', String(priority), String(pid)]) : 'only on Linux';
}

const unchanged = (refusal: string | null): LoopPriority => ({ priority: 0, refusal });

function policyOf(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[POLICY_FIELD];
}

/** @returns why it was refused; null when it was done */
function chrt(parameters: readonly string[]): string | null {
  const { status, stderr, error } = spawnSync('chrt', parameters, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (error !== undefined) return `chrt cannot be run (${error.message})`;
  return status === 0 ? null : stderr.trim().replaceAll('\n', ', ');
}
