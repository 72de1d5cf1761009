import { expect, test } from 'vitest';
import { checkSource, checkToken, isLoopback, refuseSettings } from './auth.js';

const open = { host: '127.0.0.1', token: '', origins: [] };
const guarded = { host: '0.0.0.0', token: 's3cret', origins: [] };
const request = (fields: object = {}) => ({
  host: '127.0.0.1:8080',
  origin: undefined,
  authorization: undefined,
  queryToken: undefined,
  ...fields,
});

test('loopback needs no token, another address does', () => {
  expect(refuseSettings(open)).toBeUndefined();
  expect(refuseSettings(guarded)).toBeUndefined();
  expect(refuseSettings({ ...open, host: '0.0.0.0' })).toContain('http.token');
  expect(refuseSettings({ ...open, host: '::' })).toContain('--set http.host=127.0.0.1');
});

test.each(['127.0.0.1', '127.8.9.10', 'localhost', '::1'])('%s is loopback', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(['0.0.0.0', '::', '10.0.0.1', 'example.org', '127.0.0.1.example.org', ''])('%s is not loopback', (host) => {
  expect(isLoopback(host)).toBe(false);
});

test.each(['127.0.0.1:8080', 'localhost:8080', '[::1]:8080', 'localhost'])(
  'a Host of this machine passes: %s',
  (host) => {
    expect(checkSource(open, request({ host }))).toBeUndefined();
  },
);

test.each(['evil.example', 'localhost.evil.example:8080', undefined, ''])('another Host is refused: %s', (host) => {
  expect(checkSource(open, request({ host }))?.code).toBe('host-not-allowed');
});

test('with a token the Host is free, because a rebinding page cannot know the token', () => {
  expect(checkSource(guarded, request({ host: 'bench.lab:8080' }))).toBeUndefined();
});

test('the same origin passes, others do not', () => {
  expect(checkSource(open, request({ origin: 'http://127.0.0.1:8080' }))).toBeUndefined();
  for (const origin of ['http://127.0.0.1:3000', 'https://evil.example', 'null', ''])
    expect(checkSource(open, request({ origin }))?.code).toBe('origin-not-allowed');
});

test('a configured origin passes, and its name as Host', () => {
  const settings = { ...open, origins: ['https://panel.example'] };
  expect(checkSource(settings, request({ origin: 'https://panel.example' }))).toBeUndefined();
  expect(checkSource(settings, request({ host: 'panel.example' }))).toBeUndefined();
});

test('the token is taken from the header or the query', () => {
  expect(checkToken(guarded, request({ authorization: 'Bearer s3cret' }))).toBeUndefined();
  expect(checkToken(guarded, request({ queryToken: 's3cret' }))).toBeUndefined();
  expect(checkToken(guarded, request())?.code).toBe('token-missing');
  expect(checkToken(guarded, request({ authorization: 'Bearer wrong' }))?.code).toBe('token-wrong');
  expect(checkToken(guarded, request({ queryToken: '' }))?.status).toBe(401);
});
