import { describe, expect, test } from 'vitest';
import { PlainReader } from './plain.js';

/** What the third of three such lines gives. */
function third(...lines: string[]) {
  const reader = new PlainReader();
  return lines.map((line) => reader.read(line)).at(-1);
}

describe('plain lines', () => {
  test.each([
    [
      'pairs',
      'temp:21.5,rpm:-300',
      [
        ['temp', 21.5],
        ['rpm', -300],
      ],
    ],
    [
      'pairs with blanks',
      ' temp: 21.5, rpm: 3e2',
      [
        ['temp', 21.5],
        ['rpm', 300],
      ],
    ],
    ['one pair after >', '>temp:21.5', [['temp', 21.5]]],
    [
      'JSON',
      '{"temp":21.5,"ok":true,"name":"x","rpm":3}',
      [
        ['temp', 21.5],
        ['rpm', 3],
      ],
    ],
  ])('reads %s from the third line in a row', (_, line, wanted) => {
    expect(third(line, line)).toBeUndefined();
    expect(third(line, line, line)).toEqual(wanted.map(([name, value]) => ({ name, value })));
  });

  test('reads CSV below its header', () => {
    expect(third('Time (s),Motor Temp', '1,20', '2,21', '3,22.5')).toEqual([
      { name: 'time_s', value: 3 },
      { name: 'motor_temp', value: 22.5 },
    ]);
  });

  test.each(['Warning, motor hot', 'Error, sensor, retrying', 'nan,ovf'])(
    'does not take "%s" between rows for a header',
    (log) => {
      const reader = new PlainReader();
      for (const line of ['temp,rpm', '21,300', '22,301', '23,302']) reader.read(line);
      expect(reader.read(log)).toBeUndefined();
      expect(reader.read('80.1,900')).toEqual([
        { name: 'temp', value: 80.1 },
        { name: 'rpm', value: 900 },
      ]);
    },
  );

  test('takes the last of several headers before the first row', () => {
    expect(third('Ready, steady', 'temp,rpm', '1,2', '3,4', '5,6')).toEqual([
      { name: 'temp', value: 5 },
      { name: 'rpm', value: 6 },
    ]);
  });

  test('takes the unit that a reading brings', () => {
    expect(third('>t:1§°C', '>t:2§°C', '>t:3§°C')).toEqual([{ name: 't', value: 3, unit: '°C' }]);
  });

  test('starts counting again at a line that is none', () => {
    expect(third('a:1', 'a:2', 'hello', 'a:3', 'a:4')).toBeUndefined();
    expect(third('a:1', 'a:2', 'hello', 'a:3', 'a:4', 'a:5')).toBeDefined();
  });

  test.each([
    'hello world',
    'a:',
    ':1',
    'a:1,a:2',
    'a:NaN',
    'a:0x10',
    '12:34:56.x',
    '{"a":',
    '{}',
    '[1,2]',
    '1,2,3',
    '',
    '>',
    '?:1',
  ])('takes nothing from %j', (line) => {
    expect(third(line, line, line, line)).toBeUndefined();
  });

  test('makes every name fit topics and paths', () => {
    expect(third(...new Array(3).fill('../Etc/#:1'))).toEqual([{ name: 'etc', value: 1 }]);
    expect(third(...new Array(3).fill(`${'n'.repeat(99)}:1`))?.[0]?.name).toHaveLength(32);
    expect(third(...new Array(3).fill('3V3:1'))).toEqual([{ name: 'n3v3', value: 1 }]);
  });
});
