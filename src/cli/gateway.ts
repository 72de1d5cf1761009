import { startReplica } from '../replica/replica.js';
import { runUntilEnded, type SettingsOptions } from './run.js';

/** Runs a gateway without boards, which follows a bridge elsewhere. */
export function gateway(options: SettingsOptions): Promise<void> {
  return runUntilEnded(options, ({ config, explicit }, onFatal) => startReplica({ config, explicit, onFatal }));
}
