/**
 * The bridge with stamps along the way of a frame, in a process of its own; arguments are settings. The worker of its gateway is the
 * one that ships behind stamps of its own. Says `{}` over IPC when the board streams, and answers a request with the stamps of so long.
 */
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';
import type { DataFrame } from '#dist/codec/data-frame.js';
import { CHANNEL, ROWS_MAX, type StagesAnswer, type StagesRequest } from './records.js';
import { loopStamps, StampTable } from './stamps.js';

const { Worker } = threads;
threads.Worker = class extends Worker {
  constructor(file: string | URL, options?: threads.WorkerOptions) {
    const isGateway = String(file).endsWith('/gateway/worker.js');
    super(isGateway ? new URL('./gateway.js', import.meta.url) : file, options);
  }
};
// Before the supervisor takes the class.
syncBuiltinESMExports();
const { startBridge } = await import('#dist/bridge.js');
const { loadConfig } = await import('#dist/config-load.js');
const { StreamMonitor } = await import('#dist/deadline/monitor.js');
const { monotonicUs } = await import('#dist/host-clock.js');

const [PREPARED, READ, DECODED, JUDGED, IN_RING, WOKEN, ENDED] = [1, 2, 3, 4, 5, 6, 7];
const table = new StampTable(loopStamps.length, ROWS_MAX);
let zeroUs = Number.NaN;
let decodedUs = Number.NaN;
let judgedUs = Number.NaN;
/** First row of the chunk that is being worked on. */
let chunkFrom = 0;

const { judge } = StreamMonitor.prototype;
StreamMonitor.prototype.judge = function (...parameters) {
  decodedUs = monotonicUs();
  const judgement = judge.apply(this, parameters);
  judgedUs = monotonicUs();
  return judgement;
};

const { config, explicit } = loadConfig({ file: '/dev/null', environment: {}, set: process.argv.slice(2) });
const bridge = startBridge({ config, explicit });
const { feed } = bridge;
const { loop } = bridge.boards[0]!;

const frame = feed.frame.bind(feed);
feed.frame = (board, received, judgement) => {
  frame(board, received, judgement);
  if (Number.isNaN(zeroUs)) return;
  const nowUs = monotonicUs();
  const { seq, releaseUs, lateUs, execUs, arrivalUs } = received as DataFrame;
  const row = table.add(seq);
  table.set(row, PREPARED, zeroUs + releaseUs + lateUs + execUs);
  table.set(row, READ, arrivalUs);
  table.set(row, DECODED, decodedUs);
  table.set(row, JUDGED, judgedUs);
  table.set(row, IN_RING, nowUs);
};
const stampChunk = (column: number): void => {
  const nowUs = monotonicUs();
  for (let row = chunkFrom; row < table.count; row++) table.set(row, column, nowUs);
};
const wakeParked = feed.wakeParked.bind(feed);
feed.wakeParked = () => {
  wakeParked();
  stampChunk(WOKEN);
};
const chunk = loop.chunk.bind(loop);
loop.chunk = (bytes, arrival) => {
  chunkFrom = table.count;
  chunk(bytes, arrival);
  stampChunk(ENDED);
  chunkFrom = table.count;
};

const channel = new threads.BroadcastChannel(CHANNEL);
const heard: ((stamps: readonly number[]) => void)[] = [];
channel.onmessage = ({ data }: { data: unknown }) => {
  if (Array.isArray(data)) heard.shift()?.(data as number[]);
};

async function measure(request: StagesRequest): Promise<void> {
  table.take();
  chunkFrom = 0;
  channel.postMessage('begin');
  zeroUs = request.zeroUs;
  await new Promise((resolve) => setTimeout(resolve, request.measureMs));
  zeroUs = Number.NaN;
  const outlet = new Promise<readonly number[]>((resolve) => heard.push(resolve));
  channel.postMessage('tell');
  const answer: StagesAnswer = { outlet: await outlet, loop: table.take() };
  process.send?.(answer);
}

process.on('message', (request) => void measure(request as StagesRequest));
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => void bridge.stop().then(() => process.exit(0)));
process.on('disconnect', () => process.exit(0));
const waiting = setInterval(() => {
  if (loop.session.state !== 'streaming') return;
  clearInterval(waiting);
  process.send?.({});
}, 50);
