// The bridge as everybody writes it first: serialport + ReadlineParser + JSON + mqtt.publish + ws broadcast.
// A peer to measure against, in the shape that tutorials show; nothing in it is slowed down on purpose.
//   node textbook.mjs PORT_PATH HTTP_PORT MQTT_URL [nodelay | qos1]
import { ReadlineParser } from '@serialport/parser-readline';
import mqtt from 'mqtt';
import { SerialPort } from 'serialport';
import { WebSocketServer } from 'ws';

const [path, httpPort, mqttUrl, variant] = process.argv.slice(2);

const topic = variant ? `textbook_${variant}/frames` : 'textbook/frames';
const options = { qos: variant === 'qos1' ? 1 : 0 };
const server = new WebSocketServer({ host: '127.0.0.1', port: Number(httpPort) });
const client = mqtt.connect(mqttUrl);
if (variant === 'nodelay') client.on('connect', () => client.stream.setNoDelay(true));

const port = new SerialPort({ path, baudRate: 921600 });
const parser = port.pipe(new ReadlineParser({ delimiter: '\n' }));

parser.on('data', (line) => {
  const [seq, timeUs, speed, current, temperature, duty] = line.split(',').map(Number);
  const message = JSON.stringify({ seq, timeUs, speed, current, temperature, duty });
  // Sockets first, as the floor and Node-RED do in rows about them; in those about MQTT no socket is connected.
  for (const socket of server.clients) if (socket.readyState === 1) socket.send(message);
  client.publish(topic, message, options);
});

server.on('listening', () => client.once('connect', () => process.send?.('ready')));
