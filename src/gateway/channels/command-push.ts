import { COMMAND_ARGUMENTS_MAX } from '../../codec/schema.js';
import type { BoardCommand } from '../../outlet.js';

export const COMMAND_NAME_PATTERN = '^[a-z][a-z0-9_-]{0,31}$';
const commandName = new RegExp(COMMAND_NAME_PATTERN);

/** A `command` push, or why it is none. Whether the board has it and takes it is the main thread's to say. */
export function parseCommand(
  board: string,
  payload: Readonly<Record<string, unknown>>,
  by: string,
): BoardCommand | string {
  const { name, arguments: values = [] } = payload;
  if (typeof name !== 'string' || !commandName.test(name)) return 'name must be the name of a command, such as "arm"';
  const isArguments =
    Array.isArray(values) && values.length <= COMMAND_ARGUMENTS_MAX && values.every((value) => Number.isFinite(value));
  if (!isArguments) return `arguments must be at most ${COMMAND_ARGUMENTS_MAX} numbers`;
  return { board, name, arguments: values as number[], by };
}
