/** Lists the serial ports of this machine. Spawns a process (udevadm) on Linux, so it is never called on the loop's thread. */
import { SerialPort } from 'serialport';
import type { PortDescription } from './port-selector.js';

/** @throws Error with a text for the user */
export async function listPorts(): Promise<PortDescription[]> {
  try {
    return (await SerialPort.list()).map(({ path, vendorId, productId, serialNumber, manufacturer, pnpId }) => ({
      path,
      vendorId: vendorId?.toLowerCase(),
      productId: productId?.toLowerCase(),
      serialNumber,
      manufacturer,
      stablePath: process.platform === 'linux' && pnpId !== undefined ? `/dev/serial/by-id/${pnpId}` : undefined,
    }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('the ports cannot be listed: there is no udevadm (apt-get install udev); give a port by its path', {
      cause: error,
    });
  }
}
