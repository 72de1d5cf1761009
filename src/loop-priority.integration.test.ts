import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const program = `
  import { readFileSync } from 'node:fs';
  import { Worker } from 'node:worker_threads';
  import { lowerLoopPriority, raiseLoopPriority } from './dist/loop-priority.js';
  const policy = (pid) => readFileSync('/proc/' + pid + '/stat', 'latin1').split(') ')[1].split(' ')[38];
  const before = policy('self');
  const raised = raiseLoopPriority(20);
  const during = policy('self');
  const worker = new Worker("const { readFileSync } = require('node:fs'); require('node:worker_threads').parentPort.postMessage(readFileSync('/proc/thread-self/stat', 'latin1').split(') ')[1].split(' ')[38])", { eval: true, execArgv: [] });
  const inWorker = await new Promise((resolve) => worker.once('message', resolve));
  lowerLoopPriority(raised);
  process.stdout.write(JSON.stringify({ before, raised, during, inWorker, after: policy('self') }));
`;

const said = (...before: string[]) => {
  const [command, ...parameters] = [...before, process.execPath, '--input-type=module', '-e', program];
  return JSON.parse(execFileSync(command!, parameters, { encoding: 'utf8' }));
};

const isGranted = (() => {
  try {
    execFileSync('chrt', ['--fifo', '20', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

const ORDINARY = '0';
const FIFO = '1';

test.runIf(isGranted)('the main thread alone goes first, until it is told otherwise', () => {
  const { before, raised, during, inWorker, after } = said();
  expect(before).toBe(ORDINARY);
  expect(raised).toEqual({ priority: 20, refusal: null });
  expect(during).toBe(FIFO);
  expect(inWorker).toBe(ORDINARY);
  expect(after).toBe(ORDINARY);
});

test.runIf(isGranted)('who was started with a priority keeps it', () => {
  const { raised, during, after } = said('chrt', '--fifo', '7');
  expect(raised.priority).toBe(0);
  expect(during).toBe(FIFO);
  expect(after).toBe(FIFO);
});

test.runIf(process.getuid?.() === 0)('without the right everything stays as it is, and the reason is told', () => {
  const { raised, during } = said(
    'setpriv',
    '--bounding-set=-sys_nice',
    '--inh-caps=-sys_nice',
    '--reuid=65534',
    '--clear-groups',
  );
  expect(raised.priority).toBe(0);
  expect(raised.refusal).toMatch(/not permitted/i);
  expect(during).toBe(ORDINARY);
});
