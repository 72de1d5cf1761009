// serialport and ReadlineParser as their documentation shows them. `{measureMs, graceMs}` over IPC asks for the
// latencies of what is planned within so long, µs, from the planned instant of each line; nothing is done with the lines but to stamp them.
//   node stock-reader.mjs PATH
import { ReadlineParser } from '@serialport/parser-readline';
import { SerialPort } from 'serialport';
import { monotonicUs } from '../../dist/host-clock.js';

const port = new SerialPort({ path: process.argv[2], baudRate: 921600 });
const parser = port.pipe(new ReadlineParser({ delimiter: '\n' }));
let latencies = [];
let beginUs = Number.NaN;
let endUs = Number.NaN;

parser.on('data', (line) => {
  const nowUs = monotonicUs();
  const plannedUs = Number(line.split(',')[1]);
  if (plannedUs >= beginUs && plannedUs < endUs) latencies.push(nowUs - plannedUs);
});

process.on('message', ({ measureMs, graceMs }) => {
  latencies = [];
  beginUs = monotonicUs();
  endUs = beginUs + measureMs * 1e3;
  setTimeout(() => {
    beginUs = Number.NaN;
    process.send(latencies);
  }, measureMs + graceMs);
});
process.on('disconnect', () => process.exit(0));
