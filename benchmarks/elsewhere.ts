/** Board -> broker -> a gateway elsewhere -> one WebSocket client at 1 kHz, beside a client of the bridge itself. All on this machine. */
import type { Benchmark, Result, RunOptions } from './harness/benchmark.js';
import { peerArm, tautlineArm } from './harness/end-to-end-arms.js';
import { doubtsOf, measure, PTY_NOTE, withoutBars } from './harness/latency-row.js';
import { startMosquitto } from './harness/processes.js';

const BAND = { p50Us: [20, 400], p99MaxUs: 4000 } as const;

async function run(options: RunOptions): Promise<Result> {
  const { broker, port, configuration } = await startMosquitto();
  try {
    const settings = { 'mqtt.frames': false };
    const arms = [
      tautlineArm('websocket', port, { name: 'at the bridge', settings }),
      tautlineArm('websocket', port, {
        name: 'elsewhere',
        settings: { ...settings, 'mqtt.replicate': true },
        isElsewhere: true,
      }),
      peerArm('floor', 'websocket', port),
    ];
    const measured = await measure(arms, options);
    return withoutBars(
      'elsewhere',
      measured,
      'Board -> WebSocket client of a gateway elsewhere, 1 kHz',
      `CPU and memory are those of the process that the client is connected to. Mosquitto with: ${configuration.trim().replaceAll('\n', '; ')}. ${PTY_NOTE}`,
      doubtsOf('C floor', measured.figures['C floor']!, BAND),
    );
  } finally {
    await broker.end();
  }
}

export default {
  description: 'board -> broker -> gateway elsewhere -> WebSocket client, 1 kHz',
  run,
} satisfies Benchmark;
