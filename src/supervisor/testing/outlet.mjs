// An outlet for tests. `config` holds a shared Int32Array: what it saw, and what it shall do wrong.
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { readRings } from '../../../dist/feed/outlet-reader.js';

export const cells = {
  fault: 0,
  ready: 1,
  frames: 2,
  torn: 3,
  events: 4,
  lost: 5,
  disorder: 6,
  stops: 7,
  answers: 8,
  texts: 9,
  metrics: 10,
  resyncs: 11,
  seen: 16,
};
export const faults = {
  none: 0,
  throw: 1,
  exit: 2,
  heap: 3,
  spin: 4,
  ignoreStop: 5,
  fatal: 6,
  log: 7,
  command: 8,
  throwAlways: 9,
  systemCall: 10,
  metrics: 11,
  fatalLater: 12,
  stall: 13,
  neverReady: 14,
};

if (parentPort !== null) run(new Int32Array(workerData.config.report));

function run(report) {
  const add = (cell, by = 1) => Atomics.add(report, cell, by);
  if (Atomics.load(report, cells.fault) === faults.throwAlways) throw new Error('never starts');
  if (Atomics.load(report, cells.fault) === faults.fatal) {
    parentPort.postMessage({ type: 'fatal', exitCode: 2, text: 'port 8080 is taken' });
    return;
  }
  if (Atomics.load(report, cells.fault) === faults.neverReady) {
    add(cells.texts);
    setInterval(() => {}, 1000);
    return;
  }
  add(cells.texts, workerData.texts.length);

  /** A fault is committed once: the next worker is a good one. */
  const misbehave = () => {
    const fault = Atomics.load(report, cells.fault);
    if (fault === faults.none || fault === faults.ignoreStop || fault === faults.throwAlways) return;
    Atomics.store(report, cells.fault, faults.none);
    if (fault === faults.throw) throw new Error('planted');
    if (fault === faults.exit) process.exit(7);
    if (fault === faults.spin) for (;;);
    if (fault === faults.systemCall) readFileSync(workerData.config.fifo);
    if (fault === faults.stall) Atomics.wait(report, cells.fault, faults.none, 2000);
    if (fault === faults.fatalLater) parentPort.postMessage({ type: 'fatal', exitCode: 2, text: 'port lost' });
    if (fault === faults.metrics) {
      parentPort.postMessage({ type: 'metrics', values: { a: 1 } });
      parentPort.postMessage({
        type: 'delivery-miss',
        board: 'pico',
        stream: 'control',
        client: null,
        culprit: 'outlet',
        count: 3,
        outletUs: 30_000,
        consumerUs: null,
      });
    }
    if (fault === faults.log)
      for (let i = 0; i < 1000; i++) parentPort.postMessage({ type: 'log', level: 'info', text: `line ${i}` });
    if (fault === faults.command)
      parentPort.postMessage({
        type: 'command',
        request: 5,
        command: { board: 'pico', name: 'arm', arguments: [], by: 'test' },
      });
    if (fault === faults.heap) for (const hoard = []; ; ) hoard.push(new Array(1000).fill(hoard.length));
  };

  let last = -1;
  const frame = (record, offset) => {
    if (record.values.subarray(0, record.count).some((value) => value !== record.seq)) add(cells.torn);
    if (offset <= last) add(cells.disorder);
    last = offset;
    add(cells.frames);
    if (cells.seen + record.seq < report.length) add(cells.seen + record.seq);
  };
  const miss = (record) => {
    add(cells.events);
    // The frames (two slots each) that were in the feed before it come before it.
    if (last >= 0 && record.feedOffset > last + 2) add(cells.disorder);
  };
  const lost = (slots) => add(cells.lost, slots);
  const text = (event) => event.type !== 'log' && add(cells.resyncs);
  const reader = readRings(workerData, { frame, miss, lost, text, batchEnd: misbehave });
  setInterval(misbehave, 5);
  parentPort.on('message', (message) => {
    if (message.type === 'metrics' && message.from === 'mqtt') add(cells.metrics, message.values.a);
    if (message.type === 'answer') add(cells.answers, message.answer.ok ? 1 : 1000);
    if (message.type !== 'stop' || Atomics.load(report, cells.fault) === faults.ignoreStop) return;
    add(cells.stops);
    reader.close();
    process.exit(0);
  });
  parentPort.postMessage({ type: 'ready', info: { port: 1 } });
  add(cells.ready);
}
