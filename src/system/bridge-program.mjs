/**
 * A bridge as a process that obeys its stdin, for tests: `kill OUTLET` ends a worker as a fault would, `block MS` keeps
 * the main thread busy, `figures` prints what it counts, `quit` ends it. Its arguments are settings (`http.port=0`).
 * There are no others: a `tautline.toml` in the folder is not read.
 * Restarts of workers are not rationed, so that one test can kill many.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { loadConfig, startBridge } from '../../dist/index.js';

const { config, explicit } = loadConfig({ file: '/dev/null', environment: {}, set: process.argv.slice(2) });
const boards =
  config.boards.length > 0 ? config.boards : [{ path: 'emulated:pico', baud: 921_600, encoding: 'auto', contract: {} }];
const restart = { restartsMax: 1000, windowMs: 1000, retryMs: 1000 };
const bridge = startBridge({
  config: { ...config, boards },
  explicit,
  supervisor: { restart },
  onFatal: (exitCode) => process.exit(exitCode),
});
/** Sequence numbers that were jumped over on the way into the ring: nobody behind it can have them. */
let missing = 0;
let nextSeq = Number.NaN;
const publish = bridge.feed.frame.bind(bridge.feed);
bridge.feed.frame = (board, received, judged) => {
  if (judged.seq > nextSeq) missing += judged.seq - nextSeq;
  if (!(judged.seq < nextSeq)) nextSeq = judged.seq + 1;
  publish(board, received, judged);
};
const delay = monitorEventLoopDelay({ resolution: 2 });
delay.enable();

function figures() {
  const [{ loop }] = bridge.boards;
  const { dataFrames, corruptFrames, foreignFrames } = loop.decoder.counters;
  return {
    dataFrames,
    corruptFrames,
    foreignFrames,
    missing,
    loopDelayMaxMs: delay.max / 1e6,
    restarts: Object.fromEntries(bridge.supervisor.states.map(({ name, restarts }) => [name, restarts])),
    up: bridge.supervisor.states.filter(({ up }) => up).map(({ name }) => name),
  };
}

function block(ms) {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

const commands = {
  kill: (name) => bridge.supervisor.kill(name),
  block: (ms) => block(Number(ms)),
  figures: () => process.stdout.write(`${JSON.stringify(figures())}\n`),
  calm: () => delay.reset(),
  quit: () => void bridge.stop().then(() => process.exit(0)),
};
createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, argument] = line.split(' ');
  commands[command](argument);
});
process.on('SIGTERM', commands.quit);
