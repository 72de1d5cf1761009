import { startBridge } from '../bridge.js';
import { runUntilEnded, type SettingsOptions } from './run.js';

interface Options extends SettingsOptions {
  readonly once?: boolean;
  readonly demo?: boolean;
}

const emulatedPico = { path: 'emulated:pico', baud: 921_600, encoding: 'auto', contract: {} } as const;

/** Runs the bridge. */
export function start({ once = false, demo = false, ...options }: Options): Promise<void> {
  return runUntilEnded(options, ({ config, explicit }, onFatal) => {
    const boards = demo || config.boards.length === 0 ? [emulatedPico] : config.boards;
    return startBridge({ config: { ...config, boards }, explicit, once, onFatal });
  });
}
