/**
 * The way of a frame, stage by stage: stamps in the running loop and in the running gateway, of one board at 1 kHz with one
 * WebSocket client on every frame. A stamp costs some 0.1 µs, which is in the stage behind it.
 */
import { v8Flags } from '#dist/v8-flags.js';
import { type Benchmark, figure, type Result, type RunOptions, verdictOf } from './harness/benchmark.js';
import { PTY_NOTE } from './harness/latency-row.js';
import { priorityNote } from './harness/priority.js';
import { freePort, Program, READY_MS, sleep } from './harness/processes.js';
import { plannedIn, RATE_HZ } from './harness/shortfall.js';
import { BOARD_BAUD, Board } from './harness/sources.js';
import type { ProbeTask } from './probe.js';
import type { StagesAnswer, StagesRequest } from './stages/records.js';
import { figuresOf, stagesOf } from './stages/stamps.js';

const plans = {
  smoke: { warmUpMs: 1500, measureMs: 1000 },
  normal: { warmUpMs: 5000, measureMs: 15_000 },
  full: { warmUpMs: 10_000, measureMs: 60_000 },
} as const;
/** So many of the frames must have all stamps; beside others on the machine a smoke run has fewer. */
const SHARE_MIN = { smoke: 0.5, normal: 0.95, full: 0.95 } as const;

async function stamped({ size }: RunOptions): Promise<StagesAnswer> {
  const { warmUpMs, measureMs } = plans[size];
  const board = await Board.start(RATE_HZ);
  const httpPort = await freePort();
  const settings = [`board.path=${board.port}`, `board.baud=${BOARD_BAUD}`, `http.port=${httpPort}`];
  const args = ['dist/benchmarks/stages/bridge.js', ...settings, 'mqtt.enabled=false'];
  const bridge = Program.start(process.execPath, [...v8Flags, ...args]);
  await bridge.message(READY_MS);
  await bridge.listening(httpPort);
  const task: ProbeTask = { to: 'tautline', address: `ws://127.0.0.1:${httpPort}`, board: 'host' };
  const probe = Program.start(process.execPath, ['dist/benchmarks/probe.js', JSON.stringify(task)]);
  try {
    await sleep(warmUpMs);
    const request: StagesRequest = { measureMs, zeroUs: board.zeroUs };
    return await bridge.ask<StagesAnswer>(request, measureMs + READY_MS);
  } finally {
    await probe.end();
    await bridge.end();
    await board.end();
  }
}

async function run(options: RunOptions): Promise<Result> {
  const { size } = options;
  const { measureMs } = plans[size];
  const { loop, outlet } = await stamped(options);
  const { frames, stages } = stagesOf(loop, outlet);
  const planned = plannedIn(measureMs);
  const failures =
    frames >= SHARE_MIN[size] * planned ? [] : [`${frames} of ${planned} frames have the stamps of all stages`];
  return {
    name: 'stages',
    ...verdictOf([], size, { failures }),
    values: Object.fromEntries(stages.map((stage) => [stage.name, figuresOf(stage)])),
    series: stages.map(({ name, us }) => ({ name, latenciesUs: us })),
    tables: [
      {
        title: `The way of a frame, one board at 1 kHz, binary, one WebSocket client on every frame; µs, ${frames} frames`,
        columns: ['stage', 'p50', 'p99'],
        rows: stages.map((stage) => [stage.name, ...Object.values(figuresOf(stage)).map((us) => figure(us))]),
        note: `The two stages that are marked (loop) go on beside the outlet, which may take the processor at once. No MQTT. ${PTY_NOTE} ${priorityNote()}`,
      },
    ],
  };
}

export default {
  description: 'the way of a frame, stage by stage, stamped in the running bridge',
  run,
} satisfies Benchmark;
