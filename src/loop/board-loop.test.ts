import { describe, expect, it } from 'vitest';
import { sampleDescriptor } from '../board/testing/scripted-board.js';
import { encodeText } from '../codec/encode.js';
import { armStates } from '../codec/schema.js';
import { verdictCode } from '../deadline/verdict.js';
import { linkStates } from '../feed/slot.js';
import { Bench } from './testing/bench.js';

const [control] = sampleDescriptor.streams;
const slow = { ...control, id: 2, name: 'slow', periodUs: 10_000 };
const withStreams = (...streams: object[]) => ({ descriptor: JSON.stringify({ ...sampleDescriptor, streams }) });
const hard = (stream: typeof control | typeof slow) => ({ ...stream, contract: { ...stream.contract, class: 'hard' } });
const frameOf = (session: number, stream: number) =>
  encodeText({
    ...{ name: 'data', session, stream, seq: 1, releaseUs: 0, lateUs: 0, execUs: 1, queueBytes: 0 },
    ...{ flags: 0, skipped: 0, dropped: 0, values: [1], types: ['i16'] },
  });
const linkOf = (bench: Bench) => linkStates[bench.health!.link];

describe('a board with two streams', () => {
  const bench = () => {
    const made = new Bench({ board: withStreams(control, hard(slow)), hasEvidence: true });
    made.open();
    made.run(5);
    expect(linkOf(made)).toBe('streaming');
    expect(made.misses).toEqual([]);
    return made;
  };

  it('has the silence of one noticed while the other goes on, and goes on itself', () => {
    const it = bench();
    it.mute.add(slow.id);
    it.run(0.07);
    expect(it.misses).toMatchObject([{ stream: slow.id, count: Number.NaN }]);
    expect(it.alarms).toEqual(['scripted-beef/degraded-slow begins']);
    it.run(0.2); // its lifespan
    expect([linkOf(it), it.health!.live]).toEqual(['streaming', false]);
    it.mute.clear();
    it.run(21); // twice k frames: until the window is kept, and k more
    expect(it.alarms).toEqual(['scripted-beef/degraded-slow begins', 'scripted-beef/degraded-slow ends']);
    expect(it.loop.session.counters.lost).toBe(0);
  });

  it('trips when the hard one stops', () => {
    const it = bench();
    it.loop.control.policy.state = 'armed';
    it.mute.add(slow.id);
    it.run(0.1);
    expect(it.loop.control.policy).toMatchObject({ state: 'tripped', tripCause: 'dataStale' });
  });

  it('is silent when both are', () => {
    const it = bench();
    it.mute.add(slow.id).add(control.id);
    it.run(0.1);
    expect(linkOf(it)).toBe('silent');
  });
});

describe('the end of a session', () => {
  it('tells the figures of its last part of a second', () => {
    const bench = new Bench();
    bench.open();
    bench.run(3.9);
    bench.unplug();
    const told = bench.stats[control.id]!.verdicts.reduce((sum, count) => sum + count, 0);
    expect(told).toBe(bench.published.length);
  });

  it.each([
    ['firm', control, 'disarmed', 'none'],
    ['hard', hard(control), 'tripped', 'dataStale'],
  ] as const)('leaves nobody armed: %s', (_class, stream, state, tripCause) => {
    const bench = new Bench({ board: withStreams(stream) });
    bench.open();
    bench.run(3);
    bench.loop.control.policy.state = 'armed';
    bench.unplug();
    bench.run(1);
    expect(bench.health!.arm).toBe(armStates[state]);
    expect(bench.loop.control.policy).toMatchObject({ state, tripCause });
  });

  it('is no trip when the bridge was asked to end', () => {
    const bench = new Bench({ board: withStreams(hard(control)) });
    bench.open();
    bench.run(3);
    bench.loop.control.policy.state = 'armed';
    bench.loop.dispose();
    expect(bench.alarms).toEqual([]);
    expect(bench.loop.control.policy.state).toBe('disarmed');
  });
});

it('counts frames of another session in a silence, too', () => {
  const bench = new Bench();
  bench.open();
  bench.run(3);
  bench.mute.add(control.id);
  bench.run(0.06);
  expect(linkOf(bench)).toBe('silent');
  const foreign = frameOf(bench.board.tag ^ 1, control.id);
  for (let k = 0; k < 2; k++) bench.say(foreign);
  expect(bench.loop.board.streams[0]!.monitor.counters.verdicts[verdictCode.foreign]).toBe(2);
});

it('pings in a burst when the clocks have jumped: what was known of their rates is gone, too', () => {
  const bench = new Bench();
  bench.open();
  bench.run(5);
  const { counters } = bench.loop.control.pings;
  const sentIn = (seconds: number) => {
    const before = counters.sent;
    bench.run(seconds);
    return counters.sent - before;
  };
  expect(sentIn(1.1)).toBeLessThanOrEqual(3);
  bench.boardAheadUs += 1e6;
  expect(sentIn(0.3)).toBeGreaterThanOrEqual(8); // the next frame shows it
  expect(bench.loop.clock.steps).toBe(1);
  expect(bench.loop.clock.settled).toBe(true);
  bench.run(2);
  expect(sentIn(1.1)).toBeLessThanOrEqual(3);
});

describe('firmware that does not keep what its descriptor declares', () => {
  const signal = (name: string) => ({ ...control.signals[0], name });

  it('is refused, with the stream and both lengths, when its frames have other values', () => {
    const bench = new Bench({ board: withStreams({ ...control, signals: [signal('speed'), signal('current')] }) });
    bench.open();
    bench.run(6);
    expect(bench.alarms).toEqual(['scripted-beef/refused begins']);
    expect(bench.standing[0]!.text).toContain('"control" have 66 bytes, the signals of its descriptor make 71');
    expect(linkOf(bench)).toBe('refused');
    expect(bench.misses).toEqual([]);
    expect(bench.loop.refusedFrames).toBeGreaterThan(1000);
    bench.replace({});
    bench.run(3);
    expect(linkOf(bench)).toBe('streaming');
    expect(bench.standing).toEqual([]);
  });

  it('has frames of a stream that is not in it counted, and told once a session: they are no damage of the line', () => {
    const bench = new Bench();
    bench.open();
    bench.run(3);
    const told = () => bench.told.filter((event) => event.type === 'log' && event.text.includes('stream 7'));
    for (let k = 0; k < 5; k++) bench.say(frameOf(bench.board.tag, 7));
    bench.run(1.1);
    expect(bench.loop.unknownStreamFrames).toBe(5);
    expect(bench.stats[control.id]!.verdicts[verdictCode.corrupt]).toBe(0);
    expect(told()).toHaveLength(1);
    expect(linkOf(bench)).toBe('streaming');
  });
});

it('takes the first frame when `started` is lost: the board streams', () => {
  const bench = new Bench();
  bench.lost.add('started');
  bench.open();
  bench.run(3);
  expect(linkOf(bench)).toBe('streaming');
  expect(bench.published.length).toBeGreaterThan(2000);
  expect(bench.loop.unknownStreamFrames).toBe(0);
});

it('counts a run of damaged bytes once, however long it is', () => {
  const bench = new Bench();
  bench.open();
  bench.run(3);
  bench.say(`$${'x'.repeat(2000)}`);
  bench.run(1.1);
  expect(bench.stats[control.id]!.verdicts[verdictCode.corrupt]).toBe(1);
  expect(bench.stats[control.id]!.corruptBytes).toBeGreaterThan(2000);
});

it('tells of a board that floods its log 200 lines a second, and how many more there were: misses stay in the ring', () => {
  const bench = new Bench();
  bench.open();
  bench.run(3);
  const logs = () => bench.told.flatMap((event) => (event.type === 'log' ? [event.text] : []));
  const { offset } = bench.feed.events;
  let said = 0;
  for (let ms = 0; ms < 3000; ms++) {
    bench.say('why am I here\n'.repeat(20));
    said += 20;
    bench.run(0.001);
  }
  bench.run(1.1);
  const told = logs().filter((text) => text.startsWith('board says: ')).length;
  const untold = logs().flatMap((text) => /^the board said (\d+) more lines/.exec(text)?.slice(1).map(Number) ?? []);
  expect(told).toBeGreaterThan(600);
  expect(told).toBeLessThanOrEqual(800);
  expect(untold.length).toBeGreaterThanOrEqual(3);
  expect(untold.reduce((sum, count) => sum + count, 0)).toBe(bench.loop.report.heldLines);
  expect(told + bench.loop.report.heldLines).toBe(said);
  expect(bench.feed.events.offset - offset).toBeLessThan(bench.feed.events.ring.slots / 4);
});

it('echoes the releases of a board whose `deviceUs` is that of another clock: in 32 bits, whatever the two give together', () => {
  const bench = new Bench({ board: { descriptor: JSON.stringify({ ...sampleDescriptor, armable: true }) } });
  bench.boardAheadUs = 3e9; // `session` says 1234
  bench.lost.add('pong');
  bench.open();
  bench.run(3);
  expect(bench.loop.board.newestReleaseUs).toBeLessThan(0);
  expect(bench.loop.control.heartbeat.counters.sent).toBeGreaterThan(100);
  expect(bench.heard.at(-1)).toMatchObject({ name: 'heartbeat', echoUs: expect.closeTo(3e9 + 4e6, -5) });
});

it.each([2 ** 32, 2 ** 44])('loses no frame to a 64-bit time that is off by %d once', (offUs) => {
  const bench = new Bench();
  bench.open();
  bench.run(3);
  const deviceUs = bench.loop.board.newestReleaseUs;
  const times = { rxUs: deviceUs, txUs: deviceUs, deviceUs: deviceUs + offUs, queueBytes: 0 };
  bench.say(
    encodeText({ name: 'pong', session: bench.board.tag, id: bench.loop.control.pings.counters.sent, ...times }),
  );
  bench.run(2);
  expect(bench.misses).toEqual([]);
  expect(bench.stats[control.id]!.verdicts[verdictCode.lost]).toBe(0);
  expect(bench.health!.live).toBe(true);
  expect(bench.loop.deviceTime.slips).toBe(1);
});

it('refuses a value that does not fit 32 bits as the board counts it, where the descriptor sets no bounds', () => {
  const aim = { name: 'aim', arguments: [{ name: 'angle', scale: 0.001, offset: 0, unit: 'deg' }], dangerous: false };
  const bench = new Bench({ board: { descriptor: JSON.stringify({ ...sampleDescriptor, commands: [aim] }) } });
  bench.open();
  bench.run(3);
  const answers = [2_147_484, -2_147_484].map((angle) => bench.ask('aim', [angle]));
  expect(answers).toMatchObject([{ code: 'bad-arguments' }, { code: 'bad-arguments' }]);
  expect(answers[0]!.detail).toBe(
    'angle = 2147484 deg is outside -2147483.648 to 2147483.647 deg, what the board can be told',
  );
  expect(bench.ask('aim', [2_147_483])).toBe(undefined); // sent; this board does not answer
  expect(bench.loop.control.commands.counters.sent).toBe(1);
});

describe('a board that prints', () => {
  const plain = () => {
    const bench = new Bench({ config: { encoding: 'plain' }, board: { answers: false } });
    bench.mute.add(control.id);
    bench.open();
    return bench;
  };
  const print = (bench: Bench, lines: number) => {
    for (let k = 0; k < lines; k++) {
      bench.say('temperature:21.5\n');
      bench.run(0.1);
    }
  };

  it('is numbered on when its port is opened again, for outlets take only what is newer', () => {
    const bench = plain();
    print(bench, 20);
    bench.unplug();
    bench.open();
    print(bench, 20);
    // Not all of them: a few lines pass until it is clear what is printed.
    expect(bench.published.length).toBeGreaterThan(30);
    expect(bench.published).toEqual(bench.published.map((_, i) => i));
  });

  it('has figures, and is silent when it prints no more', () => {
    const bench = plain();
    print(bench, 30);
    expect(bench.stats[0]!.verdicts[verdictCode.unverified]).toBeGreaterThan(15);
    expect(bench.stats[0]!.rateHz).toBeCloseTo(10, 5);
    expect(linkOf(bench)).toBe('streaming');
    bench.run(2.1);
    expect(linkOf(bench)).toBe('silent');
    print(bench, 1);
    expect(linkOf(bench)).toBe('streaming');
  });

  it('ends the alarms of a board that could not be understood', () => {
    const bench = plain();
    bench.loop.suspected('4096 bytes, and nothing makes sense');
    expect(bench.standing).toMatchObject([{ id: 'baud' }]);
    bench.unplug();
    bench.open();
    print(bench, 5);
    expect(bench.standing).toEqual([]);
  });
});
