import { expect, test } from 'vitest';
import { failureText, isVersionRefusal, refusalText } from './broker-errors.js';

const at = 'broker.example:1883';
const failure = (code: string | number, message = '') => failureText(at, Object.assign(new Error(message), { code }));

test('what the network says becomes what to do', () => {
  expect(failure('ECONNREFUSED')).toBe(
    `no connection to the MQTT broker at ${at}: nothing listens there: is the broker running? (ECONNREFUSED)`,
  );
  expect(failure('ENOTFOUND')).toContain('check mqtt.url');
  expect(failure('DEPTH_ZERO_SELF_SIGNED_CERT')).toContain('NODE_EXTRA_CA_CERTS');
});

test('what the broker says becomes what to do, in both versions', () => {
  expect(failure(134)).toContain('check mqtt.username');
  expect(failure(4)).toBe(failure(134));
  expect(refusalText(at, 0x95)).toContain('packet too large');
  expect(refusalText(at, 0xef)).toContain('reason code 0xef');
  expect([1, 132, 135].map(isVersionRefusal)).toEqual([true, true, false]);
});

test('a port that accepts and says nothing, and a broker that falls silent, are told apart', () => {
  expect(failureText(at, new Error('connack timeout'))).toContain('is it an MQTT port?');
  expect(failureText(at, new Error('Keepalive timeout'))).toContain('fell silent');
});

test('what nobody foresaw is at least not hidden', () => {
  expect(failure('EODD', 'strange')).toContain('EODD: strange');
});
