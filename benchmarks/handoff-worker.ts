/** The thread that is woken in `handoff.ts`: waits in one way, and stamps when it is awake. */
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { monotonicUs } from '#dist/host-clock.js';

export type Way = 'blocked' | 'message' | 'socket';

export interface HandoffTask {
  readonly way: Way;
  /** i32: number of the newest wake-up, and of the newest that was noticed. */
  readonly control: SharedArrayBuffer;
  /** f64: when it was noticed, host monotonic µs. */
  readonly stamps: SharedArrayBuffer;
  /** Of the socket. */
  readonly path: string;
}

const { way, control: controlMemory, stamps: stampMemory, path } = workerData as HandoffTask;
const control = new Int32Array(controlMemory);
const stamps = new Float64Array(stampMemory);

function awake(): void {
  stamps[0] = monotonicUs();
  Atomics.store(control, 1, Atomics.load(control, 0));
}

if (way === 'message') parentPort!.on('message', awake);
else if (way === 'socket') {
  const buffer = Buffer.alloc(64);
  const callback = (): boolean => {
    awake();
    return true;
  };
  await new Promise<void>((resolve) => connect({ path, onread: { buffer, callback } }, resolve));
}
parentPort!.postMessage('ready');
if (way === 'blocked') {
  for (let seen = 0; ; seen = Atomics.load(control, 0)) {
    Atomics.wait(control, 0, seen);
    awake();
  }
}
