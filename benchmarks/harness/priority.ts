/** At which real-time priorities this process may start others: asked once each, because root alone is no grant. */
import { spawnSync } from 'node:child_process';
import { LOOP_PRIORITY } from '#dist/config.js';

/** Of the boards: not a part of what is measured, they may go before everything else, as chips of their own do. */
export const BOARD_PRIORITY = 40;

const answers = new Map<number, boolean>();

/** @param ask for tests */
export function isGranted(priority: number, ask: (priority: number) => boolean = askKernel): boolean {
  const known = answers.get(priority) ?? ask(priority);
  answers.set(priority, known);
  return known;
}

/** Also no where there is no `chrt`. */
const askKernel = (priority: number): boolean =>
  spawnSync('chrt', ['--fifo', String(priority), 'true'], { stdio: 'ignore' }).status === 0;

/** As the firmware's host port takes it. @param isAllowed for tests */
export const boardPriority = (isAllowed = isGranted(BOARD_PRIORITY)): string[] =>
  isAllowed ? ['--fifo', String(BOARD_PRIORITY)] : [];

/** A floor does what our loop does, so it runs as our loop does by default. @param isAllowed for tests */
export const likeTheLoop = (
  command: string,
  args: readonly string[],
  isAllowed = isGranted(LOOP_PRIORITY),
): readonly [string, readonly string[]] =>
  isAllowed ? ['chrt', ['--fifo', String(LOOP_PRIORITY), command, ...args]] : [command, args];

const who = (): string => `uid ${process.geteuid?.() ?? 'none'}`;

/** For the notes of rows. @param isAllowed for tests */
export const priorityNote = (isAllowed = isGranted(LOOP_PRIORITY)): string =>
  isAllowed
    ? `Our loop, by its own default, and the C programs beside it run at SCHED_FIFO ${LOOP_PRIORITY}, which is granted to ${who()}; our outlets and all other bridges at the ordinary priority.`
    : `No real-time priority is granted to ${who()}: all bridges run at the ordinary one.`;
