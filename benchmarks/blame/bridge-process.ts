/**
 * The bridge as a process of its own, everything on, that can be told to misbehave and remembers what it said of every
 * frame: arguments are settings, orders come over IPC, and at the end the records are written to a file.
 */
import { writeFileSync } from 'node:fs';
import { startBridge } from '#dist/bridge.js';
import { loadConfig } from '#dist/config-load.js';
import { monotonicUs } from '#dist/host-clock.js';
import { type DeliveryRow, frameColumns, missColumns, type Order, type Ready } from './records.js';

const ROWS_MAX = 2 ** 20;
const frames = new Float64Array(ROWS_MAX * frameColumns.length);
const misses = new Float64Array(ROWS_MAX * missColumns.length);
let frameRows = 0;
let missRows = 0;
/** What makes a collection long: it survives. */
let heap: object[] = [];

// No settings but the arguments, whatever lies in the folder.
const bridge = startBridge({
  config: loadConfig({ file: '/dev/null', environment: {}, set: process.argv.slice(2) }).config,
  onFatal: (exitCode) => process.exit(exitCode),
});

const { feed } = bridge;
const frame = feed.frame.bind(feed);
feed.frame = (board, received, judged) => {
  if (frameRows < ROWS_MAX) {
    frames[frameRows * 3] = judged.seq;
    frames[frameRows * 3 + 1] = judged.judgedUs;
    frames[frameRows++ * 3 + 2] = judged.verdict;
  }
  frame(board, received, judged);
};
const miss = feed.miss.bind(feed);
feed.miss = (record) => {
  if (missRows < ROWS_MAX) {
    let at = missRows++ * missColumns.length;
    for (const column of missColumns) misses[at++] = Number(record[column]);
  }
  miss(record);
};

/** What was said of deliveries. */
const deliveries: DeliveryRow[] = [];
const text = feed.text.bind(feed);
feed.text = (event) => {
  if (event.type === 'delivery-miss') deliveries.push({ ...event, atUs: monotonicUs() });
  text(event);
};

function block(ms: number): void {
  for (const untilUs = monotonicUs() + ms * 1000; monotonicUs() < untilUs; );
}

function fillHeap(objects: number): void {
  heap = Array.from({ length: objects }, (_, i) => ({ i, text: `value ${i}` }));
  (globalThis as { gc?: () => void }).gc?.();
  heap = heap.slice(0, 10);
}

const { loop } = bridge.boards[0]!;

async function obey(order: Order): Promise<void> {
  switch (order.type) {
    case 'block':
      block(order.ms);
      break;
    case 'sleep':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.ms);
      break;
    case 'heap':
      fillHeap(order.objects);
      break;
    case 'command':
      await command(order.name, order.value);
      break;
    case 'finish':
      await finish(order.file);
  }
}

async function command(name: string, value: number): Promise<void> {
  const answer = await bridge.command({ board: loop.id, name, arguments: [value], by: 'benchmark' });
  if (!answer.ok) process.stderr.write(`${name} ${value}: ${answer.detail}\n`);
}

async function finish(file: string): Promise<void> {
  writeFileSync(`${file}.frames`, frames.subarray(0, frameRows * frameColumns.length));
  writeFileSync(`${file}.misses`, misses.subarray(0, missRows * missColumns.length));
  writeFileSync(`${file}.deliveries`, JSON.stringify(deliveries));
  await bridge.stop();
  process.exit(0);
}

process.on('message', (order) => void obey(order as Order));
process.on('SIGTERM', () => process.exit(0));

const waiting = setInterval(() => {
  const { established } = loop.board;
  if (loop.session.state !== 'streaming' || !loop.clock.settled || established === null) return;
  clearInterval(waiting);
  const ready: Ready = { tag: established.tag, streams: established.descriptor.streams, atUs: monotonicUs() };
  process.send?.(ready);
}, 50);
