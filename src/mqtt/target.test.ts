import { expect, test } from 'vitest';
import type { OutletState } from '../outlet.js';
import { chooseTarget } from './target.js';

const mqtt = {
  enabled: true,
  url: '',
  embedded: true,
  port: 0,
  username: '',
  password: '',
  frames: false,
  framesQos: 0,
  replicate: false,
  stateHz: 10,
};
const broker: OutletState = { name: 'broker', up: true, detail: '', restarts: 0, info: { port: 1884 } };

test('the embedded broker is spoken to on the port that it got, in 3.1.1', () => {
  expect(chooseTarget(mqtt, [])).toEqual({ kind: 'wait' });
  expect(chooseTarget(mqtt, [broker])).toEqual({
    kind: 'target',
    target: { url: 'mqtt://127.0.0.1:1884', versions: [4] },
  });
});

test('a broker by URL goes before the embedded one, MQTT 5 first', () => {
  const target = { url: 'mqtts://broker.example', versions: [5, 4] };
  expect(chooseTarget({ ...mqtt, url: target.url }, [broker])).toEqual({ kind: 'target', target });
});

test.each(['broker.example', 'http://broker.example', 'mqtt:', 'localhost:1883'])('%s is no broker URL', (url) => {
  expect(chooseTarget({ ...mqtt, url }, [])).toMatchObject({ kind: 'wrong', text: expect.stringContaining('mqtt://') });
});

test('nowhere to publish is said with the two remedies', () => {
  const choice = chooseTarget({ ...mqtt, embedded: false }, []);
  expect(choice).toMatchObject({ kind: 'wrong', text: expect.stringContaining('mqtt.enabled = false') });
});
