import { type LoadedConfig, loadConfig } from '../config-load.js';
import { exitCodes } from '../exit-codes.js';

export interface SettingsOptions {
  readonly config?: string;
  readonly set: readonly string[];
}

/** A terminal that was closed (SIGHUP) ends the process as Ctrl-C does. To outlive it, use a service or setsid. */
const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface Running {
  /** @returns what could not be ended */
  stop(): Promise<readonly string[]>;
}

/** Runs what `begin` starts until a signal ends it (exit code 0), or something that a person must remove. */
export async function runUntilEnded(
  { config: file, set }: SettingsOptions,
  begin: (loaded: LoadedConfig, onFatal: (exitCode: number) => void) => Running,
): Promise<void> {
  let end: (exitCode: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  // First of all: a signal that comes while it starts must find it willing to end.
  for (const signal of endSignals) process.on(signal, () => end(exitCodes.ok));
  const loaded = loadConfig({ environment: process.env, set, ...(file === undefined ? {} : { file }) });
  const running = begin(loaded, end);
  const exitCode = await ended;
  const stuck = await running.stop();
  if (stuck.length > 0) endAtOnce(stuck);
  process.exit(exitCode);
}

/** `process.exit` waits for all threads, and these would never end: a terminal, a disk or a serial driver holds them. */
function endAtOnce(stuck: readonly string[]): never {
  process.stderr.write(`tautline: ${stuck.join(' and ')} did not end: held in a system call; killing the process\n`);
  process.kill(process.pid, 'SIGKILL');
  throw new Error('unreachable: the process has killed itself');
}
