import { beforeEach, expect, test } from 'vitest';
import { boardText, descriptor, freshFrame } from './broker.rig.js';
import { Bench } from './publisher.rig.js';

const [control] = descriptor.streams;
let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.publisher.text(boardText);
  bench.up();
  bench.publisher.frame(freshFrame(1, bench.nowUs), 1);
  bench.publisher.batchEnd();
});

/** The board comes with another firmware, whose stream 0 is this. */
function flash(stream: object): void {
  const next = { ...descriptor, firmware: '1.0.1', streams: [{ ...control, ...stream }] };
  bench.publisher.text({ ...boardText, boot: '00000007', descriptor: next } as typeof boardText);
  bench.publisher.batchEnd();
}

/** Comes again whenever it is due, until it is not any more. */
function wait(): void {
  for (let dueUs = bench.publisher.tick(); Number.isFinite(dueUs); dueUs = bench.publisher.tick()) bench.nowUs = dueUs;
}

const said = (stream = 'control') =>
  bench.on(`tautline/pico/${stream}/state`).map((json) => {
    const { seq, live, values } = JSON.parse(json);
    return [seq, live, Object.keys(values).length];
  });

test.each([
  ['is in the new firmware, too', {}],
  ['has other signals there', { signals: control!.signals.slice(1) }],
  ['is not in the new firmware', { name: 'motor' }],
])('the value of a stream that %s is said stale when its time has passed, and once', (_, stream) => {
  flash(stream);
  wait();
  expect(said()).toEqual([
    [1, true, 4],
    [1, false, 4],
  ]);
});

test('what came before does not speak again after the first frame with other signals', () => {
  flash({ signals: control!.signals.slice(1) });
  bench.nowUs += 200_000;
  bench.publisher.frame(Object.assign(freshFrame(0, bench.nowUs), { boot: 7, count: 3 }), 2);
  bench.publisher.batchEnd();
  wait();
  expect(said()).toEqual([
    [1, true, 4],
    [0, true, 3],
    [0, false, 3],
  ]);
});

test('a stream that went and came again has one voice', () => {
  flash({ name: 'motor' });
  flash({});
  bench.nowUs += 200_000;
  bench.publisher.frame(Object.assign(freshFrame(0, bench.nowUs), { boot: 7 }), 2);
  bench.publisher.batchEnd();
  wait();
  expect(said().map(([seq, live]) => [seq, live])).toEqual([
    [1, true],
    [0, true],
    [0, false],
  ]);
});

test('that a stream which went is stale is said to a broker that was away, too', () => {
  bench.publisher.down();
  flash({ name: 'motor' });
  bench.nowUs += 10e6;
  wait();
  bench.up();
  wait();
  expect(said().map(([seq, live]) => [seq, live])).toEqual([
    [1, true],
    [1, false],
  ]);
  expect(said('motor')).toEqual([]);
});

test('a board that tells another name leaves no live value under the old one', () => {
  bench.publisher.text({ ...boardText, id: 'uno', descriptor: { ...descriptor, id: 'uno' } } as typeof boardText);
  wait();
  expect(said().map(([, live]) => live)).toEqual([true, false]);
  expect(bench.on('tautline/uno/control/state')).toEqual([]);
});
