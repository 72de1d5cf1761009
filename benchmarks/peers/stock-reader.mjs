// serialport and ReadlineParser as their documentation shows them. `{measureMs}` over IPC asks for the latencies of so
// long, µs, from the planned instant of each line; nothing is done with the lines but to stamp them.
//   node stock-reader.mjs PATH
import { ReadlineParser } from '@serialport/parser-readline';
import { SerialPort } from 'serialport';
import { monotonicUs } from '../../dist/host-clock.js';

const port = new SerialPort({ path: process.argv[2], baudRate: 921600 });
const parser = port.pipe(new ReadlineParser({ delimiter: '\n' }));
let latencies = null;

parser.on('data', (line) => {
  const nowUs = monotonicUs();
  latencies?.push(nowUs - Number(line.split(',')[1]));
});

process.on('message', ({ measureMs }) => {
  latencies = [];
  setTimeout(() => {
    process.send(latencies);
    latencies = null;
  }, measureMs);
});
process.on('disconnect', () => process.exit(0));
