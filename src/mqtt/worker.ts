/** The MQTT outlet: one worker that reads the rings and publishes to one broker. This shell joins the parts and keeps the timers. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { answerPings, type RingReader, readRings } from '../feed/outlet-reader.js';
import { monotonicUs, utcUs } from '../host-clock.js';
import type { FromOutlet, OutletStart, ToOutlet } from '../outlet.js';
import { MqttOutlet } from './outlet.js';

const start = workerData as OutletStart;
const port = parentPort!;
const post = (message: FromOutlet): void => port.postMessage(message);
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/**
 * What is read without a connection is gone for …/frames, which is never queued. The rings keep it: a worker that takes
 * the place of a dead one reads on when it is connected, or when it is clear that there is no broker.
 */
const CONNECT_FIRST_MS = 5000;

const outlet = new MqttOutlet(start, version, post, { nowUs: monotonicUs, utcUs });
let reader: RingReader | undefined;
let isStopping = false;

port.on('message', (message: ToOutlet) => {
  if (typeof message === 'number') return;
  if (message.type === 'outlets') outlet.outlets(message.outlets);
  else if (message.type === 'stop') void stop();
});

async function stop(): Promise<void> {
  isStopping = true;
  reader?.close();
  await outlet.stop();
  process.exit(0);
}

const stopAnswering = answerPings();
outlet.start();
await Promise.race([outlet.connected, sleep(CONNECT_FIRST_MS)]);
stopAnswering();
if (!isStopping) {
  reader = readRings(start, outlet.handlers);
  outlet.attach(reader);
}
