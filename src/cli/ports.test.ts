import { expect, it } from 'vitest';
import { portsText } from './ports.js';

const pico = {
  ...{ path: '/dev/ttyACM0', vendorId: '2e8a', productId: '000a', serialNumber: 'E6614864D3323A21' },
  ...{ manufacturer: 'Raspberry Pi', stablePath: '/dev/serial/by-id/usb-Raspberry_Pi_Pico_E6614864D3323A21-if00' },
};

it('names a port in the ways that the settings take', () => {
  const [line] = portsText([pico, { path: '/dev/ttyUSB0', vendorId: '1a86', productId: '7523' }]).split('\n');
  expect(line!.split(/ {2,}/)).toEqual(['/dev/ttyACM0', '2e8a:000a:E6614864D3323A21', pico.stablePath, 'Raspberry Pi']);
});

it('leaves out ports on which nothing is known to be', () => {
  const text = portsText([{ path: '/dev/ttyS0' }, { path: '/dev/ttyAMA0' }]);
  expect(text).toContain('/dev/ttyAMA0');
  expect(text).not.toContain('ttyS0');
  expect(portsText([{ path: '/dev/ttyS0' }])).toMatch(/^no serial port/);
});
