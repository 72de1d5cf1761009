/** The gateway outlet: one worker that reads the rings and serves HTTP and WebSocket. This shell joins the parts. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { exitCodes } from '../exit-codes.js';
import { readRings } from '../feed/outlet-reader.js';
import type { FromOutlet, OutletStart, ToOutlet } from '../outlet.js';
import { refuseSettings } from './auth.js';
import { Gateway } from './gateway.js';
import { createHttp, type Http } from './http.js';
import { listen } from './listen.js';

const STOP_MS = 500;

const start = workerData as OutletStart;
const port = parentPort!;
const post = (message: FromOutlet): void => port.postMessage(message);
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const gateway = new Gateway({ start, version, post });
const reader = readRings(start, gateway.topics);
gateway.attach(reader);
let http: Http | undefined;

port.on('message', (message: ToOutlet) => {
  gateway.receive(message);
  if (typeof message === 'object' && message.type === 'stop') void stop();
});

async function run(): Promise<void> {
  const refusal = refuseSettings(start.config.http);
  if (refusal !== undefined) {
    post({ type: 'fatal', exitCode: exitCodes.usage, text: refusal });
    return;
  }
  const webDir = fileURLToPath(new URL('../web', import.meta.url));
  http = await createHttp(gateway, { auth: start.config.http, webDir });
  const listening = await listen(http, start.config.http);
  if (!listening.ok) {
    post({ type: 'fatal', exitCode: exitCodes.usage, text: listening.text });
    return;
  }
  gateway.port = listening.port;
  post({ type: 'ready', info: { url: listening.url, port: listening.port } });
}

async function stop(): Promise<void> {
  reader.close();
  gateway.close();
  // A client that answers no close must not hold up the end of the bridge.
  await Promise.race([http?.close(), sleep(STOP_MS)]);
  process.exit(0);
}

await run();
