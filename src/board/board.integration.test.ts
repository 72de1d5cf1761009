import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { EmulatorChild } from './emulator-child.js';
import { TestHost } from './testing/host.js';
import { PtyLine, until } from './testing/pty-line.js';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

describe('the compiled firmware on an emulated Pico, over a real port', () => {
  const cleanups: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it('streams; comes back after a reset, after an unplug, and after the death of its process', async () => {
    const command = [process.execPath, cli, 'emulate', 'pico', '--parent-watch', '--seed', '7'];
    const child = new EmulatorChild({ board: 'pico', command });
    cleanups.push(() => child.stop());
    child.start();
    const host = new TestHost(() => child.port);
    cleanups.push(() => host.close());
    const streams = (boots: number) => () => host.boots.length === boots && host.frames > 200;

    await until(streams(1), 60_000);
    expect(host.events.at(-1)).toEqual({ type: 'streaming', encoding: 'binary' });
    expect(host.gaps).toBe(0);
    expect(host.session.tag).not.toBeNull();

    child.tell('reset');
    await until(streams(2), 60_000);
    expect(host.events.map(({ type }) => type)).toEqual([
      'established',
      'streaming',
      'lost',
      'established',
      'streaming',
    ]);

    child.tell('unplug 300');
    await until(streams(3), 60_000);
    const [first, second, third] = host.boots;
    expect(second).not.toBe(first);
    expect(third).toBe(second); // the board itself went on

    process.kill(child.pid!, 'SIGKILL');
    await until(streams(4), 60_000);
    expect(host.connection.counters.hangups).toBeGreaterThanOrEqual(2);
  }, 180_000);
});

describe('a sketch that only prints', () => {
  it('is shown, whatever it makes of the hellos', async () => {
    const line = await PtyLine.open();
    const host = new TestHost(() => line.path);
    const printing = setInterval(() => line.write('temperature:21.5,humidity:40\r\n'), 20);
    await until(() => host.session.state === 'streaming');
    expect(host.events).toEqual([{ type: 'monitoring' }]);
    expect(host.decoder.counters.plainLines).toBeGreaterThan(50);
    expect(host.decoder.counters.corruptBytes).toBe(0);
    clearInterval(printing);
    await host.close();
    await line.close();
  });
});
