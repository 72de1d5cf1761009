/**
 * The subscriber of an end-to-end measurement, a process of its own: takes frames from a WebSocket and from MQTT, and says
 * how long after its planned release each one was here, ready to be used. One for all bridges, so that its own cost is the same.
 */

import { connect as connectMqtt, type MqttClient } from 'mqtt';
import { WebSocket } from 'ws';
import { monotonicUs } from '#dist/host-clock.js';
import { decodeFrames } from '#dist/sdk/columns.js';
import { connect as connectTautline } from '#dist/sdk/index.js';

export interface ProbeTask {
  readonly bridge: 'tautline' | 'textbook';
  readonly httpPort: number;
  readonly mqttPort: number;
  /** Host monotonic at device time 0; for the textbook bridge 0, its lines carry host time. */
  readonly zeroUs: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface ProbeAnswer {
  readonly webSocketUs: readonly number[];
  readonly mqttUs: readonly number[];
}

const task = JSON.parse(process.argv[2] ?? '{}') as ProbeTask;
const webSocketUs: number[] = [];
const mqttUs: number[] = [];
let measuring = false;

function take(into: number[], plannedUs: number): void {
  if (measuring) into.push(Math.round((monotonicUs() - plannedUs) * 10) / 10);
}

function takeColumns(into: number[], payload: Uint8Array): void {
  for (const { rows, releaseUs } of decodeFrames(payload)?.groups ?? []) {
    const column = releaseUs;
    for (let row = 0; row < rows; row++) take(into, task.zeroUs + column[row]!);
  }
}

function subscribe(topic: string, onMessage: (payload: Buffer) => void): MqttClient {
  const client = connectMqtt(`mqtt://127.0.0.1:${task.mqttPort}`);
  client.on('connect', () => {
    (client.stream as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
    client.subscribe(topic);
  });
  client.on('message', (_topic, payload) => onMessage(payload));
  return client;
}

if (task.bridge === 'tautline') {
  const client = connectTautline(`http://127.0.0.1:${task.httpPort}`, { WebSocket: WebSocket as never });
  client.frames('host').on('frames', ({ streams }) => {
    for (const { columns } of streams) {
      const { releaseUs, rows } = columns;
      for (let row = 0; row < rows; row++) take(webSocketUs, task.zeroUs + releaseUs[row]!);
    }
  });
  subscribe('tautline/host/control/frames', (payload) => takeColumns(mqttUs, payload));
} else {
  const socket = new WebSocket(`ws://127.0.0.1:${task.httpPort}`);
  socket.on('message', (data: Buffer) => take(webSocketUs, (JSON.parse(data.toString()) as { timeUs: number }).timeUs));
  subscribe('textbook/frames', (payload) =>
    take(mqttUs, (JSON.parse(payload.toString()) as { timeUs: number }).timeUs),
  );
}

setTimeout(() => {
  measuring = true;
  setTimeout(() => {
    process.send?.({ webSocketUs, mqttUs } satisfies ProbeAnswer, () => process.exit(0));
  }, task.seconds * 1000);
}, task.warmUpSeconds * 1000);
