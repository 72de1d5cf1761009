/** The bridge in this process, from the build. */
import { afterEach, expect, test, vi } from 'vitest';
import { lockPort } from '../dist/board/port-lock.js';
import { type Bridge, type BridgeOptions, loadConfig, startBridge } from '../dist/index.js';
import { PtyLine } from './board/testing/pty-line.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const wait = { timeout: 45_000, interval: 1 };

function started(path: string, options: Partial<BridgeOptions> = {}): Bridge {
  const set = [`board.path=${path}`, 'http.port=0', 'mqtt.enabled=false', 'loop.priority=0'];
  const { config, explicit } = loadConfig({ environment: {}, set });
  const bridge = startBridge({ config, explicit, console: false, ...options });
  closers.push(() => bridge.stop());
  return bridge;
}

/** A port that somebody, this process, has locked. */
async function lockedPort() {
  const line = await PtyLine.open();
  closers.push(() => line.close());
  const lock = await lockPort(line.path);
  closers.push(() => lock.release());
  return { path: line.path, lock };
}

const never = () => new Promise<void>(() => {});

test('stops though a port does not close', async () => {
  const bridge = started('/dev/none');
  bridge.boards[0]!.connection.close = never;
  expect(await bridge.stop()).toEqual([]);
});

test('says which port a driver holds on to, for then only a signal ends the process', async () => {
  const bridge = started('/dev/none');
  const { connection } = bridge.boards[0]!;
  connection.close = never;
  Object.defineProperty(connection, 'isHeld', { value: true });
  expect(await bridge.stop()).toEqual(['/dev/none']);
});

test('waits a moment for a port whose owner is just leaving', async () => {
  const { path, lock } = await lockedPort();
  const onFatal = vi.fn();
  const { boards, feed } = started(path, { onFatal });
  const { counters } = boards[0]!.connection;
  await vi.waitFor(() => expect(counters.failures).toBeGreaterThan(0), wait);
  await lock.release();
  await vi.waitFor(() => expect(counters.opens).toBe(1), wait);
  expect(onFatal).not.toHaveBeenCalled();
  expect(feed.retained.latest().filter(({ type }) => type === 'alarm')).toEqual([]);
});

test.each([
  ['after five tries more', false, 6],
  ['at the first one, with --once', true, 1],
])('gives up a port whose owner stays: %s', async (_, once, failures) => {
  const { path } = await lockedPort();
  const onFatal = vi.fn();
  const { boards } = started(path, { onFatal, once });
  await vi.waitFor(() => expect(onFatal).toHaveBeenCalledWith(3, expect.stringContaining('is in use')), wait);
  expect(boards[0]!.connection.counters.failures).toBe(failures);
});
