/**
 * What can go wrong with a port: one table of stable codes, and a text for each that says what happened, with the
 * values, and what to do next.
 */
import { readFile, stat } from 'node:fs/promises';
import { exitCodes } from '../exit-codes.js';

/** `retry`: the cause can go away by itself, so the connection tries again for ever. `fatal`: only a person can remove it. */
export const portErrors = {
  PORT_ABSENT: { retry: true, summary: 'there is no such port' },
  PORT_AMBIGUOUS: { retry: true, summary: 'several ports match' },
  PORT_PERMISSION: { retry: false, summary: 'no permission to open the port' },
  PORT_NOT_TTY: { retry: false, summary: 'the path is not a serial port' },
  PORT_IN_USE: { retry: false, summary: 'another process has the port' },
  PORT_BAUD_SUSPECTED: { retry: true, summary: 'bytes come, but they look like the wrong baud rate' },
  PORT_HANGUP: { retry: true, summary: 'the port went away' },
  PORT_SILENT: { retry: true, summary: 'the device behind the path has gone or was replaced' },
  PORT_FAILED: { retry: true, summary: 'the operating system refused the port' },
} as const;
export type PortErrorCode = keyof typeof portErrors;

export class PortError extends Error {
  override readonly name = 'PortError';

  constructor(
    readonly code: PortErrorCode,
    readonly path: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether the cause can go away by itself. */
  get retry(): boolean {
    return portErrors[this.code].retry;
  }

  /** Of the process, when the port is given up: for good, or because `--once` was given. */
  get exitCode(): number {
    return exitCodes.port;
  }
}

/** Who holds a port, as far as the system tells. */
export interface PortOwner {
  readonly pid: number;
  readonly command: string;
}

export const portAbsent = (path: string, cause?: unknown): PortError =>
  new PortError(
    'PORT_ABSENT',
    path,
    `No port at ${path}. Plug the board in, or list the ports with \`tautline ports\`.`,
    { cause },
  );

export const portAmbiguous = (name: string, paths: readonly string[]): PortError =>
  new PortError(
    'PORT_AMBIGUOUS',
    name,
    `${paths.length} ports match ${name}: ${paths.join(', ')}. Add the serial number (vid:pid:serial), or give a path.`,
  );

export const portNotTty = (path: string, what: string): PortError =>
  new PortError(
    'PORT_NOT_TTY',
    path,
    `${path} is ${what}, not a serial port. Give the path of a port (\`tautline ports\` lists them).`,
  );

export function portInUse(path: string, owners: readonly PortOwner[]): PortError {
  const [first] = owners;
  if (first === undefined) {
    return new PortError(
      'PORT_IN_USE',
      path,
      `${path} is locked by another process, which this user may not see. Find it with \`sudo fuser -v ${path}\` and close it.`,
    );
  }
  if (first.pid === process.pid) {
    return new PortError(
      'PORT_IN_USE',
      path,
      `${path} is in use: this bridge has it already. Two boards have this port, perhaps by two names; give each its own.`,
    );
  }
  const named = owners.map((owner) => `process ${owner.pid} (${owner.command})`).join(' and ');
  return new PortError(
    'PORT_IN_USE',
    path,
    `${path} is in use by ${named}. Close it, or end it with \`kill ${first.pid}\`.`,
  );
}

export const portHangup = (path: string, cause?: unknown): PortError =>
  new PortError('PORT_HANGUP', path, `${path} hung up: the board was unplugged, or its other end closed.`, {
    cause,
  });

export const portReplaced = (path: string): PortError =>
  new PortError('PORT_SILENT', path, `${path} fell silent, and the path is gone or leads to another device now.`);

/** The rates that boards are usually set to, most likely first. */
export const usualBauds = [115_200, 921_600, 9_600, 57_600, 230_400, 460_800, 1_000_000] as const;

export const baudSuspected = (path: string, baud: number, bytes: number): PortError =>
  new PortError(
    'PORT_BAUD_SUSPECTED',
    path,
    `${bytes} bytes came from ${path} at ${baud} baud, and none of them made a line or a frame: the board probably runs at ` +
      `another rate. Usual ones: ${usualBauds.filter((usual) => usual !== baud).join(', ')}. Set it with \`--set board.baud=…\`, or as \`baud\` under [[boards]].`,
  );

async function groupName(gid: number): Promise<string> {
  const groups = await readFile('/etc/group', 'utf8').catch(() => '');
  const line = groups.split('\n').find((entry) => entry.split(':')[2] === String(gid));
  return line?.split(':')[0] ?? String(gid);
}

/** Names the group that owns the port and the command that joins it. */
async function portPermission(path: string, cause?: unknown): Promise<PortError> {
  const info = await stat(path).catch(() => null);
  const group = info === null ? 'dialout' : await groupName(info.gid);
  const remedy =
    group === 'root'
      ? `It belongs to root alone: add a udev rule that gives it to the group dialout, then \`sudo usermod -aG dialout $USER\` and log in again.`
      : `Join its group with \`sudo usermod -aG ${group} $USER\` and log in again.`;
  return new PortError(
    'PORT_PERMISSION',
    path,
    `No permission to open ${path} (it belongs to the group ${group}). ${remedy}`,
    {
      cause,
    },
  );
}

/** The stable error for what `serialport` or the file system said. serialport gives texts without codes. */
export async function toPortError(path: string, error: unknown, owners: readonly PortOwner[] = []): Promise<PortError> {
  if (error instanceof PortError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const says = (errno: string, pattern: RegExp) => code === errno || pattern.test(text);
  if (says('ENOENT', /No such (file|device)/i) || says('ENXIO', /File not found/i)) return portAbsent(path, error);
  if (says('EACCES', /Permission denied|Access denied/i)) return portPermission(path, error);
  if (says('ENOTTY', /Inappropriate ioctl|Not a typewriter/i)) return portNotTty(path, 'a device that is no terminal');
  if (says('EBUSY', /Cannot lock port|Resource busy/i)) return portInUse(path, owners);
  if (says('EIO', /Input\/output error/i)) return portHangup(path, error);
  return new PortError('PORT_FAILED', path, `Opening ${path} failed: ${text}.`, { cause: error });
}
