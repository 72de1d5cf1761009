import { listPorts } from '../board/port-list.js';
import type { PortDescription } from '../board/port-selector.js';
import { exitCodes, UserError } from '../exit-codes.js';

/** Lists serial ports with the names that stay the same when they are plugged in elsewhere. A command of its own process, so it may block. */
export async function ports(): Promise<void> {
  const found = await listPorts().catch((error: Error) => {
    throw new UserError(error.message, exitCodes.port);
  });
  process.stdout.write(portsText(found));
}

/** What is printed: a line for each port that has a device on it. */
export function portsText(all: readonly PortDescription[]): string {
  const found = all.filter(({ path, vendorId }) => vendorId !== undefined || path.startsWith('/dev/ttyAMA'));
  if (found.length === 0) return 'no serial port with a device on it; "tautline start" runs an emulated board\n';
  const rows = found.map(({ path, vendorId, productId, serialNumber, manufacturer = '', stablePath = '' }) => {
    const usb = [vendorId, productId, serialNumber].filter((part) => part !== undefined).join(':');
    return [path, usb, stablePath, manufacturer];
  });
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\nin tautline.toml: [[boards]] path = any of the names of a line; all but the first stay when it is plugged in elsewhere\n`;
}
