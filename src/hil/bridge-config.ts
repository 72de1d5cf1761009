/** The bridge's settings in a test: its defaults, free ports, one board. No file and no environment, so that every machine tests the same. */

import { lineBaud } from '../board/emulated/baud.js';
import { type BoardConfig, type Config, ConfigSchema } from '../config.js';
import { Value } from '../typebox.js';

const BAUD = 921_600;

/** @param path a port, `vid:pid[:serial]`, or `emulated:<name>` */
export function bridgeConfig(path: string, baud = BAUD): Config {
  return Value.Default(ConfigSchema, {
    http: { port: 0 },
    mqtt: { port: 0 },
    boards: [{ path, baud: lineBaud(path, baud) }],
  }) as Config;
}

export function boardConfig(path: string, baud = BAUD): BoardConfig {
  return bridgeConfig(path, baud).boards[0]!;
}
