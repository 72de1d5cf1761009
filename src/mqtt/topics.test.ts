import { expect, test } from 'vitest';
import { parseTopic, topics } from './topics.js';

test('what we publish we recognise when we hear it', () => {
  expect(parseTopic(topics.bridgeState)).toEqual({ kind: 'bridge-state' });
  expect(parseTopic(topics.bridgeInfo)).toEqual({ kind: 'bridge-info' });
  expect(parseTopic(topics.availability('pico'))).toEqual({ kind: 'availability', board: 'pico' });
  expect(parseTopic(topics.alarm('pico', 'degraded'))).toEqual({ kind: 'alarm', board: 'pico', id: 'degraded' });
  expect(parseTopic(topics.alarm(null, 'full'))).toEqual({ kind: 'alarm', board: null, id: 'full' });
  expect(parseTopic(topics.request('pico', 'arm'))).toEqual({ kind: 'request', board: 'pico', verb: 'arm' });
});

test('what others may publish there is nothing', () => {
  for (const topic of [
    '',
    'tautline',
    'tautline/pico',
    'tautline/pico/control/state',
    'other/pico/availability',
    'tautline/a/request/b/c',
  ]) {
    expect(parseTopic(topic)).toBeNull();
  }
});

test('an alarm id cannot break out of its topic level', () => {
  expect(topics.alarm('pico', 'a/b+c#d\0')).toBe('tautline/pico/alarm/a-b-c-d-');
  expect(topics.alarm('pico', '')).toBe('tautline/pico/alarm/-');
});
