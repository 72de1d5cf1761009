import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { Scout } from './scout.js';
import { until } from './testing/pty-line.js';

const directory = mkdtempSync(join(tmpdir(), 'tautline-scout-'));
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A worker that answers as the real one does, without looking at this machine's ports. */
function scripted(name: string, source: string): URL {
  const path = join(directory, `${name}.mjs`);
  writeFileSync(path, `import { parentPort } from 'node:worker_threads';\n${source}`);
  return pathToFileURL(path);
}

const picos = `[
  { path: '/dev/ttyACM0', vendorId: '2e8a', productId: '000a', serialNumber: 'A' },
  { path: '/dev/ttyACM1', vendorId: '2e8a', productId: '000a', serialNumber: 'B' },
]`;

describe('the scout', () => {
  it('looks for real ports in a built worker, and ends', async () => {
    let answers = 0;
    const worker = new URL('../../dist/board/scout-worker.js', import.meta.url);
    const onAny = () => {
      answers++;
    };
    const scout = new Scout({ worker, onChange: onAny, onFailure: onAny });
    await until(() => answers > 0);
    expect(await scout.resolve('/dev/ttyACM7')).toBe('/dev/ttyACM7');
    expect(await scout.resolve('ffff:ffff:nobody')).toBeNull();
    await scout.stop();
    expect(scout.counters.restarts).toBe(0);
  });

  it('resolves by vendor, product and serial number, and refuses what is ambiguous', async () => {
    const worker = scripted(
      'two',
      `parentPort.on('message', () => {}); parentPort.postMessage({ type: 'ports', ports: ${picos} });`,
    );
    const scout = new Scout({ worker });
    expect(await scout.resolve('2e8a:000a:B')).toBe('/dev/ttyACM1');
    await expect(scout.resolve('2e8a:000a')).rejects.toMatchObject({
      code: 'PORT_AMBIGUOUS',
      message: expect.stringContaining('/dev/ttyACM0, /dev/ttyACM1'),
    });
    await scout.stop();
  });

  it('is started again when it dies, and goes on with what it knew', async () => {
    const worker = scripted(
      'dies',
      `parentPort.postMessage({ type: 'ports', ports: ${picos} }); setTimeout(() => { throw new Error('planned'); }, 50);`,
    );
    const failures: string[] = [];
    const scout = new Scout({ worker, onFailure: (reason) => failures.push(reason) });
    await until(() => scout.counters.restarts > 0 && scout.counters.lists > 1);
    expect(failures[0]).toContain('planned');
    expect(await scout.resolve('2e8a:000a:A')).toBe('/dev/ttyACM0');
    await scout.stop();
  });

  it('lets go who waits for the first list when it is stopped', async () => {
    // No time passes: nothing but the stop can end the wait.
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const scout = new Scout({ worker: scripted('mute', `parentPort.on('message', () => {});`) });
    const resolved = scout.resolve('2e8a:000a');
    await scout.stop();
    expect(await resolved).toBeNull();
  });
});
