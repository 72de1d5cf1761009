/**
 * The subscriber of an end-to-end measurement, a process of its own: takes frames from a WebSocket or from MQTT, and says
 * how long after its planned release each one was here. One for all bridges, with the same client library, and it stamps
 * before it looks into a message: what a format costs to read is no bridge's latency. It stays connected;
 * `{measureMs, zeroUs}` over IPC asks for a window, `{awaits}` for
 * a word when the first frame has come.
 */

import { connect as connectMqtt } from 'mqtt';
import { WebSocket } from 'ws';
import { monotonicUs } from '#dist/host-clock.js';
import { decodeFrames } from '#dist/sdk/columns.js';
import { connect as connectTautline } from '#dist/sdk/index.js';
import { decodeBinaryFromServer, encodeText, events, SOCKET_TOPIC } from '#dist/sdk/phoenix/serializer.js';
import { type Awaited, type AwaitRequest, isFirst } from './first-frame.js';
import { GRACE_MS, PlannedReleases } from './harness/releases.js';
import { PERIOD_US } from './harness/shortfall.js';

export type ProbeTask =
  /** Joins `frames:<board>`, in the binary encoding. */
  (
    | { readonly to: 'tautline'; readonly address: string; readonly board: string }
    /** Commands in place of frames, each counted from its planned instant. */
    | { readonly to: 'command'; readonly address: string; readonly board: string }
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

export interface ProbeAnswer {
  /** Of what was planned within the window. */
  readonly latenciesUs: readonly number[];
  /** Of them: releases that the board skipped, and that came with the frame after them. */
  readonly skipped: number;
  /** Planned within the window. */
  readonly commands: number;
}

const task = JSON.parse(process.argv[2] ?? '{}') as ProbeTask;
let latenciesUs: number[] = [];
let zeroUs = 0;
let beginUs = Number.NaN;
let endUs = Number.NaN;
let skipped = 0;
let commands = 0;
let awaited: Awaited | undefined;
const releases = new PlannedReleases(PERIOD_US);

const COMMAND_PERIOD_US = 25_000;
/** Before the next one is due the answer of the last has long been here. */
const ANSWERED_MS = 5;
const AWAKE_MS = 0.2;
/** Servers close a client that says nothing for a minute. */
const HEARTBEAT_MS = 20_000;

const isWithin = (plannedUs: number): boolean => plannedUs >= beginUs && plannedUs < endUs;

function take(plannedUs: number, arrivalUs: number): void {
  if (awaited !== undefined && isFirst(awaited, plannedUs, arrivalUs)) {
    awaited = undefined;
    process.send?.({});
  }
  if (isWithin(plannedUs)) latenciesUs.push(Math.round((arrivalUs - plannedUs) * 10) / 10);
}

function takeText(payload: Buffer, arrivalUs: number): void {
  const text = payload.toString();
  const plannedUs = text.startsWith('{') ? (JSON.parse(text) as { timeUs: number }).timeUs : Number(text.split(',')[1]);
  take(plannedUs, arrivalUs);
}

function takeColumns(payload: Uint8Array, arrivalUs: number): void {
  for (const { rows, seq, releaseUs } of decodeFrames(payload)?.groups ?? []) {
    for (let row = 0; row < rows; row++) {
      const plannedUs = zeroUs + releaseUs[row]!;
      for (let k = releases.skippedBefore(seq[row]!, releaseUs[row]!); k > 0; k--) {
        if (isWithin(plannedUs - k * PERIOD_US)) skipped++;
        take(plannedUs - k * PERIOD_US, arrivalUs);
      }
      take(plannedUs, arrivalUs);
    }
  }
}

async function command(address: string, id: string): Promise<never> {
  const board = connectTautline(address, { WebSocket: WebSocket as never }).board(id);
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (let plannedUs = monotonicUs() + 1e6; ; plannedUs += COMMAND_PERIOD_US) {
    // Nothing else is to be done here between an answer and the next instant; the last of the wait is awake.
    const idleMs = (plannedUs - monotonicUs()) / 1e3 - ANSWERED_MS;
    if (idleMs > 0) await new Promise((resolve) => setTimeout(resolve, idleMs));
    const leftMs = (plannedUs - monotonicUs()) / 1e3;
    if (leftMs > AWAKE_MS) Atomics.wait(sleeper, 0, 0, leftMs - AWAKE_MS);
    while (monotonicUs() < plannedUs);
    const sinceUs = plannedUs;
    if (isWithin(plannedUs)) commands++;
    board.request('setpoint', [1500]).then(
      () => take(sinceUs, monotonicUs()),
      (error: Error) => process.stderr.write(`${error.message}\n`),
    );
  }
}

/** One line of why, and an end: the row then fails with it. */
function giveUp({ message }: Error): never {
  process.stderr.write(`probe: ${message}\n`);
  process.exit(1);
}

function open(address: string): WebSocket {
  const socket = new WebSocket(address);
  socket.on('error', giveUp);
  return socket;
}

switch (task.to) {
  case 'tautline': {
    const socket = open(`${task.address}/socket/websocket?vsn=2.0.0`);
    const say = (topic: string, event: string, payload: object) =>
      socket.send(encodeText({ joinRef: '1', ref: '1', topic, event, payload }));
    socket.on('open', () => {
      say(`frames:${task.board}`, events.join, { encoding: 'binary' });
      setInterval(() => say(SOCKET_TOPIC, events.heartbeat, {}), HEARTBEAT_MS).unref();
    });
    socket.on('message', (data: Buffer, isBinary) => {
      const arrivalUs = monotonicUs();
      if (isBinary) takeColumns(decodeBinaryFromServer(data)?.payload as Uint8Array, arrivalUs);
    });
    break;
  }
  case 'command':
    void command(task.address, task.board);
    break;
  case 'websocket': {
    const socket = open(task.address);
    socket.on('message', (data: Buffer) => takeText(data, monotonicUs()));
    break;
  }
  case 'mqtt': {
    const client = connectMqtt(task.address);
    client.on('error', giveUp);
    const taken = task.columns ? takeColumns : takeText;
    client.on('connect', () => {
      (client.stream as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
      client.subscribe(task.topic, { qos: task.qos ?? 0 });
    });
    client.on('message', (_topic, payload) => taken(payload, monotonicUs()));
  }
}

process.on('message', (request: ProbeRequest | AwaitRequest) => {
  if ('awaits' in request) {
    awaited = request.awaits;
    zeroUs = awaited.zeroUs;
    return;
  }
  zeroUs = request.zeroUs;
  latenciesUs = [];
  commands = 0;
  skipped = 0;
  beginUs = monotonicUs();
  endUs = beginUs + request.measureMs * 1e3;
  setTimeout(() => {
    beginUs = Number.NaN;
    process.send?.({ latenciesUs, skipped, commands } satisfies ProbeAnswer);
  }, request.measureMs + GRACE_MS);
});
process.on('disconnect', () => process.exit(0));
