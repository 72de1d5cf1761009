/** Board -> MQTT subscriber at 1 kHz through Mosquitto, every frame at least once: QoS 1 on both sides of the broker. */
import type { Benchmark, Result, RunOptions } from './harness/benchmark.js';
import { peerArm, tautlineArm } from './harness/end-to-end-arms.js';
import { doubtsOf, measure, PTY_NOTE, withoutBars } from './harness/latency-row.js';
import { startMosquitto } from './harness/processes.js';

const BAND = { p50Us: [30, 500], p99MaxUs: 5000 } as const;

async function run(options: RunOptions): Promise<Result> {
  const { broker, port, configuration } = await startMosquitto();
  try {
    const arms = [
      tautlineArm('mqtt', port, { name: 'Tautline, QoS 1', settings: { 'mqtt.framesQos': 1 }, qos: 1 }),
      tautlineArm('mqtt', port, { name: 'Tautline, QoS 0' }),
      peerArm('floor', 'mqtt', port),
      peerArm('textbookQos1', 'mqtt', port),
    ];
    const measured = await measure(arms, options);
    return withoutBars(
      'mqtt_qos1',
      measured,
      'Board -> MQTT subscriber, 1 kHz, QoS 1',
      `The C floor has QoS 0. Mosquitto with: ${configuration.trim().replaceAll('\n', '; ')}. ${PTY_NOTE}`,
      doubtsOf('C floor', measured.figures['C floor']!, BAND),
    );
  } finally {
    await broker.end();
  }
}

export default { description: 'board -> MQTT subscriber (Mosquitto, QoS 1), 1 kHz', run } satisfies Benchmark;
