/** Where a board of the map is now. */
import { existsSync } from 'node:fs';
import { portAmbiguous } from '../../board/errors.js';
import { listPorts } from '../../board/port-list.js';
import { matchPorts, parseSelector } from '../../board/port-selector.js';
import type { MappedBoard } from './board-map.js';

export interface FoundPort {
  readonly path: string;
}

/**
 * @returns its port; null when nothing like it is plugged in
 * @throws PortError `PORT_AMBIGUOUS` when several match its USB id; Error when this machine cannot list its ports
 */
export async function portOf({ name, path, usb }: MappedBoard): Promise<FoundPort | null> {
  if (path !== undefined) return existsSync(path) || /^COM\d+$/.test(path) ? { path } : null;
  const ports = await listPorts().catch((error: Error) => {
    throw new Error(`boards.${name}.usb = "${usb}": ${error.message}`);
  });
  const [first, ...others] = matchPorts(parseSelector(usb!)!, ports);
  if (first === undefined) return null;
  if (others.length > 0) throw portAmbiguous(`boards.${name}.usb = "${usb}"`, [first, ...others]);
  // The name that it keeps when it comes back as another device.
  return { path: ports.find((port) => port.path === first)?.stablePath ?? first };
}
