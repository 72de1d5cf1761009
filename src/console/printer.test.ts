import { describe, expect, test } from 'vitest';
import { armStates, tripCauses } from '../codec/schema.js';
import { culprits, verdicts } from '../deadline/verdict.js';
import { createHealthRecord, createStatsRecord } from '../feed/events.js';
import { linkStates } from '../feed/slot.js';
import type { TextEvent } from '../outlet.js';
import { duration, timeOfDay } from './format.js';
import { Printer } from './printer.js';

const descriptor = {
  name: 'sample',
  mcu: 'rp2040',
  firmware: '1.2.0',
  streams: [{ id: 1, name: 'control', periodUs: 1000, signals: [{}, {}, {}, {}] }],
};
const board = {
  type: 'board',
  index: 0,
  id: 'pico',
  path: '/dev/ttyACM0',
  descriptor,
  boot: '0a0b0c0d',
  contracts: {},
} as unknown as TextEvent;

function bench(texts: readonly TextEvent[] = [board]) {
  const lines: string[] = [];
  const clock = { us: 0 };
  const print = (line: string) => lines.push(line.replace(/^\d\d:\d\d:\d\d\.\d{3} {2}/, ''));
  const printer = new Printer(print, () => clock.us, texts);
  return { lines, printer, clock, ...(printer.handlers as Required<typeof printer.handlers>) };
}

function stats(counts: Partial<Record<string, number>>, more: object = {}) {
  const record = { ...createStatsRecord(), stream: 1, boot: 7, rateHz: 1000, ...more };
  verdicts.forEach((name, i) => {
    record.verdicts[i] = counts[name] ?? 0;
  });
  culprits.forEach((name, i) => {
    record.culprits[i] = counts[name] ?? 0;
  });
  return record;
}

const health = (more: object = {}) => ({
  ...createHealthRecord(),
  link: linkStates.indexOf('streaming'),
  encoding: 1,
  live: true,
  ...more,
});

describe('counters', () => {
  test('are what came since the last line, with the culprits', () => {
    const { lines, printer, stats: on } = bench();
    on(stats({ met: 9998, late: 2, link: 1, host: 1 }, { worstLatenessUs: 12_340 }));
    printer.counters();
    on(stats({ met: 19_998, late: 2, link: 1, host: 1 }, { worstLatenessUs: 12_340 }));
    printer.counters();
    expect(lines).toEqual([
      'pico/control  1000.0/s  9998 met  2 late (1 link, 1 host)  worst 12.3 ms late',
      'pico/control  1000.0/s  10000 met',
    ]);
  });

  test('begin again with a new session', () => {
    const { lines, printer, stats: on } = bench();
    on(stats({ met: 500 }));
    printer.counters();
    on(stats({ met: 20 }, { boot: 8 }));
    printer.counters();
    expect(lines).toEqual(['pico/control  1000.0/s  500 met', 'pico/control  1000.0/s  20 met']);
  });

  test('begin again with a new session of the same boot, of which no frame has met its deadline either', () => {
    const { lines, printer, stats: on } = bench();
    on(stats({ late: 500, host: 500 }));
    printer.counters();
    on(stats({ late: 20, host: 20 }));
    printer.counters();
    expect(lines).toEqual(['pico/control  1000.0/s  500 late (500 host)', 'pico/control  1000.0/s  20 late (20 host)']);
  });

  test('say when a streaming board sent nothing all the time, and nothing of a board that is away', () => {
    const { lines, printer, clock, stats: on, health: changed } = bench();
    changed(health());
    on(stats({ met: 5 }));
    printer.counters();
    printer.counters();
    clock.us += 2e6;
    changed(health({ link: linkStates.indexOf('absent') }));
    printer.counters();
    expect(lines).toEqual([
      'pico  streaming binary, disarmed',
      'pico/control  1000.0/s  5 met',
      'pico/control  no frames',
      'pico  absent',
    ]);
  });
});

test('a stream that the board has no more is not missed; what was counted of it is told', () => {
  const two = [...descriptor.streams, { id: 2, name: 'aux', periodUs: 1000, signals: [{}] }];
  const {
    lines,
    printer,
    stats: on,
    health: changed,
    text,
  } = bench([{ ...board, descriptor: { ...descriptor, streams: two } } as never]);
  changed(health());
  on(stats({ met: 5 }));
  on(stats({ met: 7 }, { stream: 2 }));
  text({ ...board, boot: '11111111' } as TextEvent);
  on(stats({ met: 1 }, { boot: 8 }));
  printer.counters();
  printer.counters();
  expect(lines.slice(1)).toEqual([
    'pico/aux  1000.0/s  7 met',
    'pico  on /dev/ttyACM0: sample 1.2.0 (rp2040), control 1000 Hz × 4, boot 11111111',
    'pico/control  1000.0/s  1 met',
    'pico/control  no frames',
  ]);
});

describe('the state of a board', () => {
  test('is printed when it changes, after the counters of the state that ends', () => {
    const { lines, clock, stats: on, health: changed } = bench();
    changed(health({ arm: armStates.armed }));
    changed(health({ arm: armStates.armed }));
    on(stats({ met: 10, stale: 3 }));
    clock.us += 2e6;
    changed(health({ arm: armStates.armed, live: false, degraded: true }));
    expect(lines).toEqual([
      'pico  streaming binary, armed',
      'pico/control  1000.0/s  10 met  3 stale',
      'pico  streaming binary, armed, STALE, DEGRADED: too many misses among its last frames',
    ]);
  });

  test('that flaps is one line a second, which says so', () => {
    const { lines, printer, clock, health: changed } = bench();
    changed(health());
    for (let i = 0; i < 9; i++) changed(health({ live: i % 2 === 1 }));
    printer.settle();
    expect(lines).toHaveLength(1);
    clock.us += 1e6;
    printer.settle();
    printer.settle();
    expect(lines.slice(1)).toEqual(['pico  streaming binary, disarmed, STALE (changed 9 times)']);
  });

  test('is told at once when it is a trip', () => {
    const { lines, health: changed } = bench();
    changed(health());
    changed(health({ arm: armStates.tripped, tripCause: tripCauses.heartbeatLost }));
    expect(lines.at(-1)).toBe('pico  streaming binary, TRIPPED: heartbeatLost');
  });
});

describe('texts', () => {
  test('boards come, once each boot, and go', () => {
    const { lines, text } = bench([]);
    text(board);
    text(board);
    text({ type: 'board-gone', index: 0, id: 'pico', reason: 'unplugged' });
    text({ ...board, boot: '11111111' } as TextEvent);
    expect(lines).toEqual([
      'pico  on /dev/ttyACM0: sample 1.2.0 (rp2040), control 1000 Hz × 4, boot 0a0b0c0d',
      'pico  gone: unplugged',
      'pico  on /dev/ttyACM0: sample 1.2.0 (rp2040), control 1000 Hz × 4, boot 11111111',
    ]);
  });

  test('log lines and alarms show their level and their board', () => {
    const { lines, text } = bench();
    text({ type: 'log', board: null, level: 'info', text: 'listening on 127.0.0.1:8080', utcUs: 0 });
    text({ type: 'log', board: 'pico', level: 'warning', text: 'slow', utcUs: 0 });
    text({ type: 'alarm', board: null, id: 'x', active: true, text: 'mqtt is down', sinceUtcUs: 0 });
    text({ type: 'alarm', board: 'pico', id: 'x', active: false, text: 'hot', sinceUtcUs: 0 });
    expect(lines).toEqual([
      'listening on 127.0.0.1:8080',
      'warning  pico: slow',
      'ALARM  mqtt is down',
      'alarm over  pico: hot',
    ]);
  });

  test('cannot move the cursor, change colours, or look like the next line', () => {
    const { lines, text } = bench();
    text({ type: 'log', board: null, level: 'info', text: '\u001b[2Jgone\r\nnext', utcUs: 0 });
    expect(lines).toEqual(['�[2Jgone�\n    next']);
  });
});

describe('figures', () => {
  test.each([
    [0, '0 µs'],
    [999.4, '999 µs'],
    [1234, '1.23 ms'],
    [-45_678, '-45.7 ms'],
    [2_500_000, '2.5 s'],
    [600e6, '10 min'],
    [Number.NaN, 'unknown'],
  ])('%d µs read as %s', (us, words) => {
    expect(duration(us)).toBe(words);
  });

  test('a time of day has milliseconds', () => {
    expect(timeOfDay(new Date(2026, 10, 24, 3, 4, 5, 6).getTime() * 1000)).toBe('03:04:05.006');
  });
});
