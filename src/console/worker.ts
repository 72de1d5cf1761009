/** The console outlet: what happens, on stderr. It writes by itself; a worker's `process.stderr` goes through the main thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { readRings } from '../feed/outlet-reader.js';
import { monotonicUs, utcUs } from '../host-clock.js';
import type { FromOutlet, OutletStart, ToOutlet } from '../outlet.js';
import { Output, openStderr } from './output.js';
import { Printer } from './printer.js';

const COUNTERS_MS = 10_000;
const SETTLE_MS = 1000;
const FRAMES_MS = 500;

const start = workerData as OutletStart;
const port = parentPort!;
const post = (message: FromOutlet): void => port.postMessage(message);
const stderr = openStderr();
const output = new Output(stderr.write);
const printer = new Printer(
  (line) => output.line(line),
  () => utcUs(monotonicUs()),
  start.texts,
);
const reader = readRings(start, printer.handlers);
// It prints events alone, and is woken for them: frames are passed over now and then.
reader.patience(FRAMES_MS);

setInterval(() => printer.settle(), SETTLE_MS);
setInterval(() => {
  printer.counters();
  post({ type: 'metrics', values: { tautline_console_dropped_total: output.dropped } });
}, COUNTERS_MS);

port.on('message', (message: ToOutlet) => {
  if (typeof message === 'number' || message.type !== 'stop') return;
  reader.drain();
  reader.close();
  printer.settle();
  printer.counters();
  output.flush();
  stderr.close();
  process.exit(0);
});

post({ type: 'ready', info: {} });
