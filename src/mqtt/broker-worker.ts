/** The embedded broker in a worker of its own: its work is not the outlet's, and neither can take the other down. */
import { parentPort, workerData } from 'node:worker_threads';
import { answerPings } from '../feed/outlet-reader.js';
import type { FromOutlet, OutletStart, ToOutlet } from '../outlet.js';
import { EmbeddedBroker, HOST, PortError } from './broker.js';

const REPORT_MS = 1000;
const EXIT_USAGE = 2;

const { config, explicit } = workerData as OutletStart;
const port = parentPort!;
const post = (message: FromOutlet): void => port.postMessage(message);
answerPings();

try {
  const broker = await EmbeddedBroker.start({
    port: config.mqtt.port,
    portIsExplicit: explicit?.includes('mqtt.port') ?? false,
    username: config.mqtt.username,
    password: config.mqtt.password,
    warn: (text) => post({ type: 'log', level: 'warning', text }),
  });
  serve(broker);
} catch (error) {
  if (!(error instanceof PortError)) throw error;
  post({ type: 'fatal', exitCode: EXIT_USAGE, text: error.message });
}

function serve(broker: EmbeddedBroker): void {
  const detail = `listening on ${HOST}:${broker.port}`;
  post({ type: 'ready', info: { host: HOST, port: broker.port, url: `mqtt://${HOST}:${broker.port}` } });
  post({ type: 'log', level: 'info', text: `embedded MQTT broker ${detail}` });
  post({ type: 'status', up: true, detail });
  const report = setInterval(() => post({ type: 'metrics', values: broker.metrics() }), REPORT_MS);
  port.on('message', (message: ToOutlet) => {
    if (typeof message !== 'object' || message.type !== 'stop') return;
    clearInterval(report);
    void broker.stop().finally(() => process.exit(0));
  });
}
