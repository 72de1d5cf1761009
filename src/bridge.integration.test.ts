/** The bridge in this process, from the build. */
import { expect, test } from 'vitest';
import { type Bridge, loadConfig, startBridge } from '../dist/index.js';

function started(path: string): Bridge {
  const set = [`board.path=${path}`, 'http.port=0', 'mqtt.enabled=false', 'loop.priority=0'];
  const { config, explicit } = loadConfig({ environment: {}, set });
  return startBridge({ config, explicit, console: false });
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
