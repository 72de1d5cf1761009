import { describe, expect, it } from 'vitest';
import { matchPorts, parseSelector } from './port-selector.js';

const ports = [
  { path: '/dev/ttyACM1', vendorId: '2e8a', productId: '000a', serialNumber: 'B' },
  { path: '/dev/ttyACM0', vendorId: '2e8a', productId: '000a', serialNumber: 'A' },
  { path: '/dev/ttyUSB0', vendorId: '0403', productId: '6001', serialNumber: 'A' },
  { path: '/dev/ttyS0' },
];

describe('the name of a port', () => {
  it.each(['/dev/ttyACM0', 'COM3', '/dev/serial/by-id/usb-x', 'emulated:pico', '2e8a', 'xyzw:000a'])(
    'is a path: %s',
    (name) => expect(parseSelector(name)).toBeNull(),
  );

  it('finds ports by vendor and product, in either case', () => {
    expect(matchPorts(parseSelector('2E8A:000A')!, ports)).toEqual(['/dev/ttyACM0', '/dev/ttyACM1']);
  });

  it('finds one by its serial number', () => {
    expect(matchPorts(parseSelector('2e8a:000a:B')!, ports)).toEqual(['/dev/ttyACM1']);
    expect(matchPorts(parseSelector('2e8a:000a:C')!, ports)).toEqual([]);
  });
});
