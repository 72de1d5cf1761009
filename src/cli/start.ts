import { startBridge } from '../bridge.js';
import { loadConfig } from '../config-load.js';
import { exitCodes } from '../exit-codes.js';

interface Options {
  readonly config?: string;
  readonly set: readonly string[];
  readonly once?: boolean;
  readonly demo?: boolean;
}

/** Runs the bridge until SIGINT or SIGTERM (exit code 0), or until something ends it that a person must remove. */
export async function start({ config: file, set, once = false, demo = false }: Options): Promise<void> {
  const { config, explicit } = loadConfig({ environment: process.env, set, ...(file === undefined ? {} : { file }) });
  const boards = demo || config.boards.length === 0 ? [emulatedPico] : config.boards;
  let end: (exitCode: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  const bridge = startBridge({ config: { ...config, boards }, explicit, once, onFatal: (exitCode) => end(exitCode) });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end(exitCodes.ok));
  const exitCode = await ended;
  await bridge.stop();
  process.exit(exitCode);
}

const emulatedPico = { path: 'emulated:pico', baud: 921_600, encoding: 'auto', contract: {} } as const;
