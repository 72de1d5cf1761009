import { SerialPort } from 'serialport';

/** Lists serial ports with the name that stays the same when they are plugged in elsewhere. A command of its own process, so it may block. */
export async function ports(): Promise<void> {
  const found = (await SerialPort.list()).filter(
    (port) => port.vendorId !== undefined || port.path.startsWith('/dev/ttyAMA'),
  );
  if (found.length === 0) {
    process.stdout.write('no serial port with a device on it; "tautline start" runs an emulated board\n');
    return;
  }
  for (const port of found) {
    const usb = [port.vendorId, port.productId, port.serialNumber].filter((part) => part !== undefined).join(':');
    process.stdout.write(`${port.path.padEnd(16)} ${usb.padEnd(32)} ${port.manufacturer ?? ''}\n`);
  }
  process.stdout.write('in tautline.toml: [[boards]] path = "/dev/…" or path = "vid:pid:serial"\n');
}
