import { expect, it } from 'vitest';
import { ClockModel } from '../deadline/clock.js';
import { PongIntake } from './pongs.js';

const pong = { sentUs: 1_000_000, rxUs: 400, txUs: 500, arrivalUs: 1_000_700, wireUs: 0 };

it('gives the pong of a real board to the clock at once', () => {
  const clock = new ClockModel();
  new PongIntake(clock, null).add(pong);
  expect(clock.settled).toBe(true);
});

it('waits until the emulator has told how late it was, and loosens the bound by that', () => {
  const clock = new ClockModel();
  const asked: [number, number][] = [];
  const pongs = new PongIntake(clock, (fromUs, toUs) => {
    asked.push([fromUs, toUs]);
    return 3000;
  });
  pongs.add(pong);
  pongs.tick(pong.arrivalUs + 29_999);
  expect(clock.settled).toBe(false);
  pongs.tick(pong.arrivalUs + 30_000);
  expect(asked).toEqual([[pong.sentUs, pong.arrivalUs]]);
  const strict = new ClockModel();
  new PongIntake(strict, null).add(pong);
  const loose = clock.map(500, { hostUs: 0, uncertaintyUs: 0 }).uncertaintyUs;
  expect(loose - strict.map(500, { hostUs: 0, uncertaintyUs: 0 }).uncertaintyUs).toBeCloseTo(1500, 0);
});

it('counts a pong that cannot be used, because the emulator says nothing', () => {
  const clock = new ClockModel();
  const pongs = new PongIntake(clock, () => undefined);
  pongs.add(pong);
  pongs.tick(pong.arrivalUs + 50_000);
  expect(clock.settled).toBe(false);
  expect(pongs.unused).toBe(1);
});

it('bounds what waits', () => {
  const pongs = new PongIntake(new ClockModel(), () => 0);
  for (let i = 0; i < 100; i++) pongs.add(pong);
  expect(pongs.unused).toBe(84);
});
