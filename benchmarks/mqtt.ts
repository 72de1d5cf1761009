/** Board -> MQTT subscriber at 1 kHz through Mosquitto, QoS 0, beside a bridge in C, the textbook's and Node-RED. */
import { atMost, valuesOf } from './harness/bars.js';
import type { Benchmark, Result, RunOptions } from './harness/benchmark.js';
import { peerArm, tautlineArm } from './harness/end-to-end-arms.js';
import { doubtsOf, measure, PTY_NOTE } from './harness/latency-row.js';
import { startMosquitto } from './harness/processes.js';

const BAND = { p50Us: [30, 500], p99MaxUs: 5000 } as const;

async function run(options: RunOptions): Promise<Result> {
  const { broker, port, configuration } = await startMosquitto();
  try {
    const arms = [
      tautlineArm('mqtt', port),
      peerArm('floor', 'mqtt', port),
      peerArm('textbook', 'mqtt', port),
      peerArm('textbookNodelay', 'mqtt', port),
      peerArm('nodeRed', 'mqtt', port),
    ];
    const measured = await measure(arms, options);
    const { ratio } = measured;
    const bars = [
      atMost('mqtt.p50_over_floor', ratio(0.5, 'Tautline', 'C floor'), 1.6),
      atMost('mqtt.p50_over_textbook', ratio(0.5, 'Tautline', 'textbook'), 1 / 30),
      atMost('mqtt.p50_over_nodered', ratio(0.5, 'Tautline', 'Node-RED'), 1 / 30),
      atMost('mqtt.p50_over_textbook_nodelay', ratio(0.5, 'Tautline', 'textbook_nodelay'), 1),
      atMost('mqtt.p99_over_textbook', ratio(0.99, 'Tautline', 'textbook'), 0.1),
    ];
    return {
      name: 'mqtt',
      ...measured.verdict(bars, doubtsOf('C floor', measured.figures['C floor']!, BAND)),
      values: valuesOf(bars),
      bars,
      windows: measured.figures,
      series: measured.series,
      tables: [
        measured.table(
          'Board -> MQTT subscriber, 1 kHz, QoS 0',
          `Tautline publishes on tautline/host/control/frames. Mosquitto with: ${configuration.trim().replaceAll('\n', '; ')}. The textbook bridge and Node-RED are as they come; textbook_nodelay sets TCP_NODELAY. ${PTY_NOTE}`,
        ),
      ],
    };
  } finally {
    await broker.end();
  }
}

export default { description: 'board -> MQTT subscriber (Mosquitto, QoS 0), 1 kHz', run } satisfies Benchmark;
