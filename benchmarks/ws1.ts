/** Board -> one WebSocket client at 1 kHz, beside a bridge in C, the textbook's and Node-RED. */
import { atMost, valuesOf } from './harness/bars.js';
import type { Benchmark, Result, RunOptions } from './harness/benchmark.js';
import { peerArm, tautlineArm } from './harness/end-to-end-arms.js';
import { doubtsOf, measure, PTY_NOTE } from './harness/latency-row.js';
import { startMosquitto } from './harness/processes.js';

const BAND = { p50Us: [20, 400], p99MaxUs: 4000 } as const;

async function run(options: RunOptions): Promise<Result> {
  const { broker, port, configuration } = await startMosquitto();
  try {
    const arms = [
      tautlineArm('websocket', port),
      peerArm('floor', 'websocket', port),
      peerArm('textbook', 'websocket', port),
      peerArm('nodeRed', 'websocket', port),
    ];
    const measured = await measure(arms, options);
    const { ratio } = measured;
    const bars = [
      atMost('ws1.p50_over_floor', ratio(0.5, 'Tautline', 'C floor'), 1.3),
      atMost('ws1.p50_over_textbook', ratio(0.5, 'Tautline', 'textbook'), 0.85),
      atMost('ws1.p50_over_nodered', ratio(0.5, 'Tautline', 'Node-RED'), 0.5),
      atMost('ws1.p99_over_floor_p99', ratio(0.99, 'Tautline', 'C floor'), 2),
    ];
    return {
      name: 'ws1',
      ...measured.verdict(bars, doubtsOf('C floor', measured.figures['C floor']!, BAND)),
      values: valuesOf(bars),
      bars,
      windows: measured.figures,
      series: measured.series,
      tables: [
        measured.table(
          'Board -> WebSocket client, 1 kHz',
          `All four also publish to a Mosquitto with: ${configuration.trim().replaceAll('\n', '; ')}. ${PTY_NOTE}`,
        ),
      ],
    };
  } finally {
    await broker.end();
  }
}

export default { description: 'board -> one WebSocket client, 1 kHz', run } satisfies Benchmark;
