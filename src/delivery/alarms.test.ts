import { expect, it } from 'vitest';
import { DeliveryAlarms } from './alarms.js';

function watch() {
  const told: [string, boolean][] = [];
  const alarms = new DeliveryAlarms((id, active) => told.push([id, active]));
  const second = (...ids: string[]) => {
    for (const id of ids) alarms.missed(id, `${id} is late`);
    alarms.everySecond();
  };
  return { told, second };
}

it('raises an alarm in the fifth bad second of ten, once', () => {
  const { told, second } = watch();
  for (let k = 0; k < 4; k++) {
    second('a');
    second();
  }
  expect(told).toEqual([]);
  second('a');
  second('a');
  expect(told).toEqual([['a', true]]);
});

it('names who is late when it is raised, not who was at first', () => {
  const told: string[] = [];
  const alarms = new DeliveryAlarms((_id, _active, text) => told.push(text));
  for (const who of ['the outlet', 'the client', 'the client', 'the client', 'the client']) {
    alarms.missed('a', `to blame: ${who}`);
    alarms.everySecond();
  }
  expect(told).toEqual(['to blame: the client']);
});

it('takes it back after ten good ones', () => {
  const { told, second } = watch();
  for (let k = 0; k < 5; k++) second('a');
  for (let k = 0; k < 9; k++) second();
  expect(told).toEqual([['a', true]]);
  second();
  expect(told).toEqual([
    ['a', true],
    ['a', false],
  ]);
});

it('keeps clients apart', () => {
  const { told, second } = watch();
  for (let k = 0; k < 3; k++) second('a', 'b');
  for (let k = 0; k < 2; k++) second('b');
  expect(told).toEqual([['b', true]]);
});

it('is bounded', () => {
  const { told, second } = watch();
  const clients = Array.from({ length: 100 }, (_, i) => `client ${i}`);
  for (let k = 0; k < 5; k++) second(...clients);
  expect(told.length).toBe(64);
});
