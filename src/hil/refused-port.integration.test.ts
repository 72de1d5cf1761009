/** Ports that cannot be had: why is in the error, of the bridge's own port and of one behind our pseudo-terminal. From the build. */
import { afterEach, describe, expect, it } from 'vitest';
import { lockPort } from '../../dist/board/port-lock.js';
import { LineProxy } from '../../dist/hil/line-proxy.js';
import { RealRig } from '../../dist/hil/real-rig.js';
import { Trace } from '../../dist/hil/trace.js';
import { PtyLine } from '../board/testing/pty-line.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function port(): Promise<string> {
  const line = await PtyLine.open();
  closers.push(() => line.close());
  return line.path;
}

/** By somebody: this process. */
async function locked(path: string): Promise<void> {
  const lock = await lockPort(path);
  closers.push(() => lock.release());
}

const never = (reason: string): never => {
  throw new Error(reason);
};
const newTrace = (nowUs: () => number) =>
  new Trace({ nowUs, isRealTime: true, inconclusive: never, refuse: never, marginal: () => {}, replay: '' });
const open = (path: string) => LineProxy.open({ kind: 'port', seed: 1, baud: 115_200, boardPath: () => path });

describe.skipIf(process.platform === 'win32')('a port that cannot be had', () => {
  it("is told with the bridge's reason, not with an exit code alone", async () => {
    const path = await port();
    await locked(path);
    const rig = RealRig.start({
      board: { path, faults: null, close: async () => {} },
      trace: newTrace,
      isBoardDisturbed: false,
    }).then(async (started) => {
      closers.push(() => started.close());
      await started.until('the board streams', () => false, 1);
    });
    await expect(rig).rejects.toThrow(/the bridge has ended with exit code 3: .*is in use/);
  });

  it('is not waited for where waiting does not help', async () => {
    const path = await port();
    await locked(path);
    const fromMs = performance.now();
    await expect(open(path)).rejects.toThrow(`${path} is in use`);
    await expect(open('/dev/null')).rejects.toThrow('/dev/null is a device that is no terminal');
    expect(performance.now() - fromMs).toBeLessThan(10_000);
  });

  it('is held by a line through our own hands until that is closed', async () => {
    const path = await port();
    const proxy = await open(path);
    closers.push(() => proxy.close());
    await expect(lockPort(path)).rejects.toThrow(`${path} is in use`);
    await proxy.close();
    await locked(path);
  });
});
