/** The MQTT outlet: one worker that reads the rings and publishes to one broker. This shell joins the parts and keeps the timers. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { readRings } from '../feed/outlet-reader.js';
import { monotonicUs, utcUs } from '../host-clock.js';
import type { FromOutlet, OutletStart, ToOutlet } from '../outlet.js';
import { MqttOutlet } from './outlet.js';

const start = workerData as OutletStart;
const port = parentPort!;
const post = (message: FromOutlet): void => port.postMessage(message);
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const outlet = new MqttOutlet(start, version, post, { nowUs: monotonicUs, utcUs });
const reader = readRings(start, outlet.handlers);

port.on('message', (message: ToOutlet) => {
  if (typeof message === 'number') return;
  if (message.type === 'outlets') outlet.outlets(message.outlets);
  else if (message.type === 'stop') void stop();
});

async function stop(): Promise<void> {
  reader.close();
  await outlet.stop();
  process.exit(0);
}

outlet.start();
