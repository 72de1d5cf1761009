import { execFileSync, spawn } from 'node:child_process';
import { getPriority } from 'node:os';
import { describe, expect, it } from 'vitest';
import { EmulatorChild } from './emulator-child.js';
import { until } from './testing/pty-line.js';

/** Speaks as the emulator does: two lines, obeys stdin, ends with it. */
const script = `
console.log('lag /dev/shm/lag-' + process.pid);
console.log('port /dev/pts/' + process.pid);
process.stdin.on('data', (line) => console.log('ok ' + String(line).trim().split(' ')[0]));
process.stdin.on('close', () => process.exit(0));
`;
const command = [process.execPath, '-e', script];

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What `nice` gets, which without the right stays what it was. */
const nicerByTen = () =>
  Number(execFileSync('nice', ['-n', '-10', 'nice'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));

describe('the emulator as a child', () => {
  it('goes before ordinary processes where that is granted, as a board would', async () => {
    const child = new EmulatorChild({ board: 'pico', command });
    child.start();
    await until(() => child.port !== null);
    expect(getPriority(child.pid!)).toBe(nicerByTen());
    await child.stop();
  });

  it('tells its port, obeys, comes back with another port when it is killed, and ends', async () => {
    const ports: string[] = [];
    const lines: string[] = [];
    const exits: string[] = [];
    const child = new EmulatorChild({
      board: 'pico',
      command,
      onPort: (path) => ports.push(path),
      onLine: (line) => lines.push(line),
      onExit: (how) => exits.push(how),
    });
    child.start();
    await until(() => ports.length === 1);
    const first = child.pid!;
    expect(child.port).toBe(`/dev/pts/${first}`);
    expect(child.lagPath).toBe(`/dev/shm/lag-${first}`);
    child.tell('reset');
    await until(() => lines.includes('ok reset'));
    expect(child.port).toBe(`/dev/pts/${first}`);
    child.tell('unplug 100');
    await until(() => child.port === null);
    process.kill(first, 'SIGKILL');
    await until(() => ports.length === 2);
    expect(exits).toEqual(['SIGKILL']);
    const second = child.pid!;
    await child.stop();
    expect(isAlive(second)).toBe(false);
    expect(child.port).toBeNull();
    expect(child.counters).toEqual({ starts: 2, exits: 2 });
  });

  it('is killed when it does not listen', async () => {
    const deaf = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('port x');`;
    const child = new EmulatorChild({ board: 'pico', command: [process.execPath, '-e', deaf] });
    child.start();
    await until(() => child.port !== null);
    const pid = child.pid!;
    await child.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('says why when it cannot be started', async () => {
    const exits: string[] = [];
    const child = new EmulatorChild({ board: 'pico', command: ['/no/such/program'], onExit: (how) => exits.push(how) });
    child.start();
    await until(() => exits.length > 1);
    expect(exits[0]).toContain('ENOENT');
    await child.stop();
  });

  it('leaves no orphan when its parent is killed', async () => {
    const parent = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { EmulatorChild } from ${JSON.stringify(new URL('../../dist/board/emulator-child.js', import.meta.url).href)};
       new EmulatorChild({ board: 'pico', command: ${JSON.stringify(command)}, onPort: (path) => console.log(path) }).start();`,
    ]);
    let said = '';
    parent.stdout.on('data', (text) => {
      said += text;
    });
    await until(() => said.endsWith('\n'));
    const pid = Number(said.trim().split('/').at(-1));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });
});
