import { expect, it } from 'vitest';
import { ClockWatch } from './clock-watch.js';

function watch() {
  const clock = { steps: 0 };
  const told: string[] = [];
  const watch = new ClockWatch(clock, { alarm: (id, active, text) => told.push(`${id} ${active} ${text}`) });
  const run = (seconds: number, steps = 0) => {
    for (let k = 0; k < seconds; k++) {
      clock.steps += steps;
      watch.everySecond();
    }
  };
  return { told, run };
}

it('bears three jumps a minute: boards are reset, and hosts suspended', () => {
  const { told, run } = watch();
  for (let minute = 0; minute < 3; minute++) {
    run(3, 1);
    run(57);
  }
  expect(told.filter((line) => line.startsWith('clock true'))).toEqual([]);
});

it('says what jumps that go on mean, until a minute has passed without so many', () => {
  const { told, run } = watch();
  run(4, 1);
  expect(told[0]).toMatch(/^clock true .* more than 3 times within a minute: .*line = "usb"/);
  run(56);
  expect(told.some((line) => line.startsWith('clock false'))).toBe(false);
  run(60);
  expect(told.at(-1)).toBe('clock false the clocks jumped 0 times within a minute');
});
