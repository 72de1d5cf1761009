/** What is plugged into this machine, for tests: a `udevadm` of ours that lists just that, found before any other. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface PluggedIn {
  /** The name of its last part must be one of a serial port: `…/ttyACM0`. */
  readonly path: string;
  readonly usb: readonly [vendorId: string, productId: string, serialNumber: string];
}

/** @returns the `PATH` with which it is so */
export function plugIn(folder: string, ports: readonly PluggedIn[]): string {
  const listed = ports.map(
    ({ path, usb: [vendorId, productId, serialNumber] }) =>
      `P: /devices/${path}\nN: ${path}\nE: DEVNAME=${path}\nE: ID_USB_VENDOR_ID=${vendorId}\n` +
      `E: ID_USB_MODEL_ID=${productId}\nE: ID_USB_SERIAL_SHORT=${serialNumber}\n`,
  );
  const program = join(folder, 'bin', 'udevadm');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(program, `#!/bin/sh\ncat <<'END'\n${listed.join('\n')}END\n`);
  chmodSync(program, 0o755);
  return `${join(folder, 'bin')}${delimiter}${process.env.PATH}`;
}

/** @returns the `PATH` of a machine that cannot list its ports */
export function nothingListed(folder: string): string {
  mkdirSync(join(folder, 'empty'), { recursive: true });
  return join(folder, 'empty');
}
