/**
 * The subscriber of an end-to-end measurement, a process of its own: takes frames from a WebSocket or from MQTT, and says
 * how long after its planned release each one was here, ready to be used. One for all bridges, so that its own cost is
 * the same. It stays connected; `{measureMs, zeroUs}` over IPC asks for a window.
 */

import { connect as connectMqtt } from 'mqtt';
import { WebSocket } from 'ws';
import { monotonicUs } from '#dist/host-clock.js';
import { decodeFrames } from '#dist/sdk/columns.js';
import { connect as connectTautline } from '#dist/sdk/index.js';

export type ProbeTask = (
  | { readonly to: 'tautline'; readonly address: string; readonly board: string }
  /** Messages with a `timeUs`, or lines whose second field it is. */
  | { readonly to: 'websocket'; readonly address: string }
  /** Columns of Tautline, or the like. */
  | { readonly to: 'mqtt'; readonly address: string; readonly topic: string; readonly columns: boolean }
) & { readonly qos?: 0 | 1 };

export interface ProbeRequest {
  readonly measureMs: number;
  /** Host monotonic at device time 0; 0 where messages carry host time. */
  readonly zeroUs: number;
}

const task = JSON.parse(process.argv[2] ?? '{}') as ProbeTask;
let latenciesUs: number[] = [];
let zeroUs = 0;
let measuring = false;

function take(plannedUs: number): void {
  if (measuring) latenciesUs.push(Math.round((monotonicUs() - plannedUs) * 10) / 10);
}

function takeText(payload: Buffer): void {
  const text = payload.toString();
  take(text.startsWith('{') ? (JSON.parse(text) as { timeUs: number }).timeUs : Number(text.split(',')[1]));
}

function takeColumns(payload: Uint8Array): void {
  for (const { rows, releaseUs } of decodeFrames(payload)?.groups ?? []) {
    for (let row = 0; row < rows; row++) take(zeroUs + releaseUs[row]!);
  }
}

switch (task.to) {
  case 'tautline': {
    const client = connectTautline(task.address, { WebSocket: WebSocket as never });
    const frames = client.frames(task.board);
    frames.on('frames', ({ streams }) => {
      for (const { columns } of streams) {
        const { releaseUs, rows } = columns;
        for (let row = 0; row < rows; row++) take(zeroUs + releaseUs[row]!);
      }
    });
    break;
  }
  case 'websocket': {
    const socket = new WebSocket(task.address);
    socket.on('message', takeText);
    break;
  }
  case 'mqtt': {
    const client = connectMqtt(task.address);
    client.on('connect', () => {
      (client.stream as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
      client.subscribe(task.topic, { qos: task.qos ?? 0 });
    });
    client.on('message', (_topic, payload) => (task.columns ? takeColumns(payload) : takeText(payload)));
  }
}

process.on('message', (request: ProbeRequest) => {
  zeroUs = request.zeroUs;
  latenciesUs = [];
  measuring = true;
  setTimeout(() => {
    measuring = false;
    process.send?.(latenciesUs);
  }, request.measureMs);
});
process.on('disconnect', () => process.exit(0));
