import { startBridge } from '../bridge.js';
import { loadConfig } from '../config-load.js';
import { exitCodes } from '../exit-codes.js';

interface Options {
  readonly config?: string;
  readonly set: readonly string[];
  readonly once?: boolean;
  readonly demo?: boolean;
}

/** A terminal that was closed (SIGHUP) ends the bridge as Ctrl-C does. To outlive it, use a service or setsid. */
const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs the bridge until a signal ends it (exit code 0), or something that a person must remove. */
export async function start({ config: file, set, once = false, demo = false }: Options): Promise<void> {
  let end: (exitCode: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  // First of all: a signal that comes while the bridge starts must find it willing to end.
  for (const signal of endSignals) process.on(signal, () => end(exitCodes.ok));
  const { config, explicit } = loadConfig({ environment: process.env, set, ...(file === undefined ? {} : { file }) });
  const boards = demo || config.boards.length === 0 ? [emulatedPico] : config.boards;
  const bridge = startBridge({ config: { ...config, boards }, explicit, once, onFatal: (exitCode) => end(exitCode) });
  const exitCode = await ended;
  const stuck = await bridge.stop();
  if (stuck.length > 0) endAtOnce(stuck);
  process.exit(exitCode);
}

/** `process.exit` waits for all threads, and these would never end: a terminal, a disk or a serial driver holds them. */
function endAtOnce(stuck: readonly string[]): never {
  process.stderr.write(`tautline: ${stuck.join(' and ')} did not end: held in a system call; killing the process\n`);
  process.kill(process.pid, 'SIGKILL');
  throw new Error('unreachable: the process has killed itself');
}

const emulatedPico = { path: 'emulated:pico', baud: 921_600, encoding: 'auto', contract: {} } as const;
