import { describe, expect, test } from 'vitest';
import { encodeBinary, encodeText } from './encode.js';
import type { AnyMessage } from './message.js';
import { samples } from './vectors/samples.js';

describe('encoding refuses what the wire cannot carry, naming the field and the value', () => {
  const event = samples['event plain']!;
  const command = samples['command arm']!;
  const data = samples['data typical']!;
  test.each([
    [{ ...event, code: 256 }, 'event.code is 256, must be an integer from 0 to 255'],
    [{ ...event, deviceUs: -1 }, 'event.deviceUs is -1'],
    [{ ...event, value: 1.5 }, 'event.value is 1.5'],
    [{ ...event, session: undefined }, 'event.session is undefined'],
    [{ ...event, text: 'x'.repeat(65) }, 'event.text has 65 bytes'],
    [{ ...command, arguments: [1, 2, 3, 4, 5] }, 'command.arguments is [1,2,3,4,5]'],
    [{ ...command, arguments: [2 ** 31] }, 'command.arguments is [2147483648]'],
    [{ ...samples.session, uid: '12' }, 'session.uid is 12, must be 16 upper-case hex digits'],
    [{ ...samples['descriptor 48 bytes'], data: new Uint8Array(49) }, 'descriptor.data must be at most 48 bytes'],
    [{ ...data, values: [1, 2, 3, 40_000] }, 'value 3 of data is 40000, must be an integer from -32768 to 32767 (i16)'],
    [{ ...data, values: [1] }, 'data has 1 values and 4 types'],
  ])('%#: %j', (message, reason) => {
    expect(() => encodeText(message as AnyMessage)).toThrow(reason);
    expect(() => encodeBinary(message as AnyMessage)).toThrow(reason);
  });

  test('a stream too wide for a line', () => {
    expect(() => encodeText(samples['data 64 signals without a zero']!)).toThrow(
      /a line has at most 240: send it in binary/,
    );
  });
});

test('ping and pong cost the same time on the wire as text', () => {
  expect(encodeText(samples.ping!).length).toBe(encodeText(samples.pong!).length);
  expect(encodeBinary(samples.ping!).length).toBe(encodeBinary(samples.pong!).length);
});
