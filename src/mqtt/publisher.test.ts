import { beforeEach, describe, expect, test } from 'vitest';
import { AlarmBoard } from './alarm-board.js';
import { boardText, lateMiss } from './broker.rig.js';
import { PENDING_BYTES_MAX } from './outbound.js';
import { Bench } from './publisher.rig.js';

const stateTopic = 'tautline/pico/control/state';
const missTopic = 'tautline/pico/control/miss';
let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.publisher.text(boardText);
});

describe('birth', () => {
  test('everything is said, retained and with QoS 1; that the bridge is online comes last', () => {
    bench.up();
    expect(bench.packets.map(({ topic }) => topic)).toEqual([
      'tautline/bridge/info',
      'tautline/pico/descriptor',
      'tautline/pico/availability',
      'tautline/bridge/state',
    ]);
    expect(bench.packets.every(({ retain, qos }) => retain && qos === 1)).toBe(true);
  });

  test('a birth of many boards goes through a window of one', () => {
    for (let index = 1; index < 20; index++)
      bench.publisher.text({ ...boardText, index, id: `b${index}` } as typeof boardText);
    bench.publisher.up({ version: 5, receiveMaximum: 1, packetBytesMax: 1e9 });
    for (let i = 0; i < 100; i++) {
      expect(bench.packets.length).toBe(Math.min(i + 1, 42));
      const newest = bench.packets.at(-1)!;
      bench.publisher.puback(newest.messageId!, 0);
    }
    expect(bench.packets.at(-1)!.topic).toBe('tautline/bridge/state');
  });
});

describe('what gateways elsewhere must know', () => {
  const topic = 'tautline/pico/session';
  beforeEach(() => {
    bench = new Bench({ replicate: true });
    bench.publisher.text(boardText);
    bench.up();
  });

  test('is retained for each board, said at each birth, and anew with another boot', () => {
    expect(bench.on(topic).map((each) => JSON.parse(each))).toEqual([{ ...boardText, epoch: '1234abcd', gone: null }]);
    bench.publisher.text(boardText);
    bench.publisher.batchEnd();
    bench.acknowledgeAll();
    expect(bench.on(topic)).toHaveLength(1);
    bench.publisher.text({ ...boardText, boot: '00000099' } as typeof boardText);
    bench.publisher.batchEnd();
    bench.acknowledgeAll();
    bench.publisher.down();
    bench.up();
    expect(bench.on(topic).map((each) => JSON.parse(each).boot)).toEqual([
      JSON.parse(JSON.stringify(boardText)).boot,
      '00000099',
      '00000099',
    ]);
    expect(bench.packets.filter((each) => each.topic === topic).every(({ retain, qos }) => retain && qos === 1)).toBe(
      true,
    );
  });

  test('says that a board is gone, and that it is back', () => {
    bench.publisher.text({ type: 'board-gone', index: 0, id: 'pico', reason: 'unplugged' });
    bench.publisher.batchEnd();
    bench.acknowledgeAll();
    bench.publisher.text(boardText);
    bench.publisher.batchEnd();
    expect(bench.on(topic).map((each) => JSON.parse(each).gone)).toEqual([null, 'unplugged', null]);
  });

  test('that an earlier run, or another setting, left there is taken back', () => {
    bench.publisher.message('tautline/other/session', Buffer.from('{"id":"other"}'), true);
    bench.publisher.message('tautline/pico/session', Buffer.from('{"id":"pico"}'), true);
    bench.publisher.message('tautline/empty/session', Buffer.from(''), true);
    bench.publisher.message('tautline/live/session', Buffer.from('{}'), false);
    bench.publisher.batchEnd();
    expect(bench.on('tautline/other/session')).toEqual(['']);
    expect(bench.on(topic)).toHaveLength(1);
    expect(bench.on('tautline/empty/session')).toEqual([]);
    expect(bench.on('tautline/live/session')).toEqual([]);
  });

  test('that another bridge took back is said again, and what it takes back of its own is not ours', () => {
    bench.publisher.message(topic, Buffer.from(''), false);
    bench.publisher.message('tautline/other/session', Buffer.from(''), false);
    bench.publisher.batchEnd();
    expect(bench.on(topic)).toHaveLength(2);
    expect(bench.on(topic)[1]).toBe(bench.on(topic)[0]);
    expect(bench.on('tautline/other/session')).toEqual([]);
  });

  test('of an id that nobody has any more is taken back', () => {
    bench.publisher.text({ ...boardText, id: 'other' } as typeof boardText);
    bench.publisher.batchEnd();
    bench.acknowledgeAll();
    expect(bench.on(topic).at(-1)).toBe('');
    expect(JSON.parse(bench.on('tautline/other/session').at(-1)!)).toMatchObject({ id: 'other' });
  });
});

describe('availability', () => {
  test('follows the link; what passes in a handshake does not flap it', () => {
    bench.up();
    for (const state of [
      'streaming',
      'silent',
      'handshake',
      'describing',
      'streaming',
      'absent',
      'opening',
      'waiting',
    ] as const) {
      bench.link(state);
    }
    expect(bench.on('tautline/pico/availability')).toEqual(['online', 'offline', 'online', 'offline']);
  });

  test('of an id that the board has no more ends with it', () => {
    bench.up();
    bench.link('streaming');
    bench.publisher.text({ ...boardText, id: 'uno' } as typeof boardText);
    bench.publisher.batchEnd();
    expect(bench.on('tautline/pico/availability')).toEqual(['online', 'offline']);
    expect(bench.on('tautline/uno/availability')).toEqual(['online']);
  });

  test('of an id that another board took meanwhile is that of the other', () => {
    bench.publisher.text({ ...boardText, index: 1, id: 'uno' } as typeof boardText);
    bench.up();
    // Each becomes what the other was: the first of these texts leaves two with one id.
    bench.publisher.text({ ...boardText, index: 0, id: 'uno' } as typeof boardText);
    bench.publisher.text({ ...boardText, index: 1, id: 'pico' } as typeof boardText);
    bench.publisher.batchEnd();
    expect(bench.on('tautline/uno/availability').at(-1)).toBe('online');
    expect(bench.on('tautline/pico/availability').at(-1)).toBe('online');
  });

  test('a board that is gone is offline, also for who connects later', () => {
    bench.publisher.text({ type: 'board-gone', index: 0, id: 'pico', reason: 'unplugged' });
    bench.up();
    expect(bench.on('tautline/pico/availability')).toEqual(['offline']);
  });
});

describe('a board that has not told its id', () => {
  const standIn = { ...boardText, index: 1, id: 'board-2', descriptor: null } as typeof boardText;

  test('leaves nothing on the broker, alarms neither; the name that it tells is known from then on', () => {
    bench.up();
    bench.packets.length = 0;
    bench.publisher.text(standIn);
    bench.publisher.text({ type: 'alarm', board: 'board-2', id: 'baud', active: true, text: '', sinceUtcUs: 0 });
    expect(bench.packets).toEqual([]);
    bench.publisher.text({ ...boardText, index: 1, id: 'uno' } as typeof boardText);
    bench.publisher.text({ ...standIn, id: 'uno' } as typeof boardText);
    bench.publisher.text({ type: 'alarm', board: 'uno', id: 'baud', active: true, text: '', sinceUtcUs: 0 });
    bench.publisher.batchEnd();
    expect(new Set(bench.packets.map(({ topic }) => topic.split('/')[1]))).toEqual(new Set(['uno']));
    expect(bench.on('tautline/uno/alarm/baud')).toHaveLength(1);
  });
});

describe('state', () => {
  test('is not kept while there is no connection: the first after it is the newest', () => {
    bench.frames(0, 100);
    bench.up();
    expect(bench.on(stateTopic).map((json) => JSON.parse(json).seq)).toEqual([99]);
  });

  test('the last one of a burst is published when its turn comes, and stale when its time has passed', () => {
    bench.up();
    bench.frames(0, 50);
    for (let dueUs = bench.publisher.tick(); Number.isFinite(dueUs); dueUs = bench.publisher.tick())
      bench.nowUs = dueUs;
    const states = bench.on(stateTopic).map((json) => JSON.parse(json));
    expect(states.map(({ seq, live }) => [seq, live])).toEqual([
      [0, true],
      [49, true],
      [49, false],
    ]);
  });

  test('waits, and does not queue, while the socket is full', () => {
    bench.up();
    bench.pending = PENDING_BYTES_MAX + 1;
    bench.frames(0, 50);
    expect(bench.on(stateTopic)).toEqual([]);
    bench.pending = 0;
    bench.nowUs = bench.publisher.dueUs();
    bench.publisher.tick();
    expect(bench.on(stateTopic).map((json) => JSON.parse(json).seq)).toEqual([49]);
  });
});

describe('misses', () => {
  test('wait for the connection and leave in order, with QoS 1 and not retained', () => {
    for (let seq = 0; seq < 100; seq++) bench.publisher.miss(lateMiss(seq, bench.nowUs));
    bench.up(8);
    for (let i = 0; i < 20; i++) bench.acknowledgeAll();
    expect(bench.on(missTopic).map((json) => JSON.parse(json).seq)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(
      bench.packets.filter(({ topic }) => topic === missTopic).every(({ qos, retain }) => qos === 1 && !retain),
    ).toBe(true);
  });

  test('a gap is one event, without a lateness', () => {
    bench.up();
    const gap = Object.assign(lateMiss(10, bench.nowUs), {
      verdict: 4,
      isGap: true,
      lastSeq: 19,
      count: 10,
      hasEvidence: false,
    });
    bench.publisher.miss(gap);
    bench.publisher.batchEnd();
    expect(JSON.parse(bench.on(missTopic)[0]!)).toMatchObject({
      firstSeq: 10,
      lastSeq: 19,
      count: 10,
      verdict: 'lost',
      latenessUs: null,
      evidence: null,
    });
  });

  test('a silence of unknown count and times that are not known are null, not an end of the outlet', () => {
    bench.up();
    const odd = Object.assign(lateMiss(1, Number.NaN), { isGap: true, count: Number.NaN, toUs: Number.NaN });
    bench.publisher.miss(odd);
    bench.publisher.batchEnd();
    expect(JSON.parse(bench.on(missTopic)[0]!)).toMatchObject({ count: null, time: null, toUs: null });
  });
});

describe('alarms', () => {
  const alarm = (id: string, active: boolean) =>
    ({ type: 'alarm', board: 'pico', id, active, text: 'why', sinceUtcUs: 1.7e15 }) as const;

  test('are retained states: what changed while the broker was away is told once, as it is now', () => {
    for (const active of [true, false, true]) bench.publisher.text(alarm('degraded', active));
    bench.publisher.text(alarm('over', true));
    bench.publisher.text(alarm('over', false));
    bench.up();
    expect(bench.on('tautline/pico/alarm/degraded').map((json) => JSON.parse(json).active)).toEqual([true]);
    expect(bench.on('tautline/pico/alarm/over').map((json) => JSON.parse(json).active)).toEqual([false]);
  });

  test('that are over while the broker is away leave room for one that stands', () => {
    for (let i = 0; i < 2000; i++) {
      bench.publisher.text(alarm(`client-${i}`, true));
      bench.publisher.text(alarm(`client-${i}`, false));
    }
    bench.publisher.text(alarm('degraded', true));
    bench.up();
    for (let i = 0; i < 100; i++) bench.acknowledgeAll();
    expect(bench.on('tautline/pico/alarm/degraded').map((json) => JSON.parse(json).active)).toEqual([true]);
  });

  test('an alarm that an earlier run left standing is ended; one that stands is not touched', () => {
    bench.publisher.text(alarm('degraded', true));
    bench.up();
    bench.publisher.message('tautline/pico/alarm/degraded', Buffer.from('{"active":true}'), true);
    bench.publisher.message('tautline/pico/alarm/tripped', Buffer.from('{"active":true}'), true);
    expect(bench.on('tautline/pico/alarm/degraded')).toHaveLength(1);
    expect(JSON.parse(bench.on('tautline/pico/alarm/tripped')[0]!)).toMatchObject({ board: 'pico', active: false });
  });
});

test.each([0, 1] as const)(
  'messages over the size that the broker takes are no sign of a slow one; frames with QoS %i',
  (framesQos) => {
    bench = new Bench({ frames: true, framesQos });
    bench.publisher.text(boardText);
    bench.publisher.up({ version: 5, receiveMaximum: 65_535, packetBytesMax: 60 });
    bench.frames(0, 10);
    bench.publisher.miss(lateMiss(3, bench.nowUs));
    bench.publisher.batchEnd();
    expect(bench.metrics.dropped).toMatchObject({ frames: 10, event: 1 });
    const said: unknown[] = [];
    new AlarmBoard((message) => said.push(message)).losses(bench.metrics, bench.nowUs);
    expect(said).toMatchObject([{ id: 'mqtt-rejected', active: true }]);
  },
);

describe('what others say', () => {
  test('a late will is contradicted', () => {
    bench.up();
    bench.publisher.message('tautline/bridge/state', Buffer.from('offline'), false);
    expect(bench.on('tautline/bridge/state')).toEqual(['online', 'online']);
    bench.publisher.message('tautline/bridge/state', Buffer.from('online'), false);
    expect(bench.on('tautline/bridge/state')).toHaveLength(2);
  });

  test('that a board which is here is offline, or an alarm which stands is over, is contradicted', () => {
    bench.publisher.text({ type: 'alarm', board: 'pico', id: 'degraded', active: true, text: '', sinceUtcUs: 0 });
    bench.up();
    const availability = 'tautline/pico/availability';
    const alarm = 'tautline/pico/alarm/degraded';
    const hear = (topic: string, payload: string) => bench.publisher.message(topic, Buffer.from(payload), false);
    hear(availability, 'offline');
    hear(alarm, '{"active":false}');
    expect(bench.on(availability)).toEqual(['online', 'online']);
    expect(bench.on(alarm).map((json) => JSON.parse(json).active)).toEqual([true, true]);
    hear(availability, 'online');
    hear(alarm, '{"active":true}');
    bench.link('absent');
    hear(availability, 'offline');
    expect(bench.on(availability)).toEqual(['online', 'online', 'offline']);
    expect(bench.on(alarm)).toHaveLength(2);
  });

  test('another bridge under our topics is noticed, our own echo and an old run are not', () => {
    bench.up();
    const info = (epoch: string) => Buffer.from(JSON.stringify({ name: 'tautline', epoch }));
    bench.publisher.message('tautline/bridge/info', info('1234abcd'), false);
    bench.publisher.message('tautline/bridge/info', info('0000ffff'), true);
    expect(bench.secondBridges).toBe(0);
    bench.publisher.message('tautline/bridge/info', info('0000ffff'), false);
    expect(bench.secondBridges).toBe(1);
  });

  test('requests are counted, and said once', () => {
    bench.up();
    const before = bench.packets.length;
    for (let i = 0; i < 3; i++) bench.publisher.message('tautline/pico/request/arm', Buffer.from('{}'), false);
    expect(bench.metrics.requests).toBe(3);
    expect(bench.warnings).toHaveLength(1);
    expect(bench.packets).toHaveLength(before);
  });
});
