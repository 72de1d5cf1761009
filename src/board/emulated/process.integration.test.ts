import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readlinkSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { monotonicUs } from '../../host-clock.js';
import { LagReader } from './lag.js';
import { GreetingHost } from './testing/greeting-host.js';

const LONG = { timeout: 30_000, interval: 10 };
const HELLOS = { ...LONG, interval: 250 };
const runner = new URL('../../../dist/board/emulated/process.js', import.meta.url).href;
let directory: string;
let emulators: Emulator[];

/** `runEmulator` in a process of its own, as the command line runs it. */
class Emulator {
  readonly lines: string[] = [];
  readonly child: ChildProcess;
  readonly exit: Promise<[number | null, NodeJS.Signals | null]>;

  constructor(options: object) {
    const script = `import { runEmulator } from ${JSON.stringify(runner)}; process.exitCode = await runEmulator(${JSON.stringify(options)});`;
    this.child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'pipe'] });
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.lines.push(line));
    createInterface({ input: this.child.stderr! }).on('line', (line) => this.lines.push(`stderr ${line}`));
    this.exit = once(this.child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    emulators.push(this);
  }

  async ready(): Promise<{ port: string; lag: string }> {
    await vi.waitUntil(() => this.lines.length >= 2, LONG);
    const [port = '', lag = ''] = this.lines;
    expect(port).toMatch(/^port \/dev\//);
    expect(lag).toMatch(/^lag \//);
    return { port: port.slice(5), lag: lag.slice(4) };
  }

  say(command: string): void {
    this.child.stdin!.write(`${command}\n`);
  }

  async answer(start: string): Promise<string> {
    return vi.waitUntil(() => this.lines.find((line) => line.startsWith(start)), LONG);
  }
}

/** A host on a port, polled. */
class Terminal {
  readonly host = new GreetingHost((bytes) => void writeSync(this.fd, bytes));
  private readonly fd: number;
  private readonly timer: NodeJS.Timeout;
  private readonly buffer = new Uint8Array(65_536);

  constructor(path: string) {
    this.fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    this.timer = setInterval(() => this.poll(), 2);
  }

  close(): void {
    clearInterval(this.timer);
    closeSync(this.fd);
  }

  private poll(): void {
    try {
      for (let count = readSync(this.fd, this.buffer); count > 0; count = readSync(this.fd, this.buffer)) {
        this.host.push(this.buffer.subarray(0, count), monotonicUs());
      }
    } catch {
      // EAGAIN: nothing more. EIO: the port is gone.
    }
  }
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tautline-emulator-'));
  emulators = [];
});
afterEach(() => {
  for (const { child } of emulators) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

describe.skipIf(process.platform === 'win32')('runEmulator', () => {
  it('streams at 1 kHz without a loss over its pseudo-terminal, and reports its lag', async () => {
    const emulator = new Emulator({ board: 'pico', seed: 1 });
    const { port, lag } = await emulator.ready();
    const reader = new LagReader(lag);
    const terminal = new Terminal(port);
    const { host } = terminal;
    await vi.waitUntil(() => host.messages.length > 0, LONG);
    host.hello();
    await vi.waitUntil(() => host.frames.length > 1000, LONG);
    const first = host.frames[0]!;
    for (const [i, { seq, releaseUs }] of host.frames.entries()) {
      expect([seq, releaseUs]).toEqual([first.seq + i, first.releaseUs + 1000 * i]);
    }
    const nowUs = monotonicUs();
    expect(reader.lagAt(nowUs - 500_000, nowUs)).toBeGreaterThan(0);
    terminal.close();
    reader.close();
    emulator.say('quit');
    expect(await emulator.exit).toEqual([0, null]);
    expect(existsSync(lag)).toBe(false);
    expect(emulator.lines.filter((line) => line.startsWith('stderr'))).toEqual([]);
  });

  it('does not greet a host with what it said before the host came', async () => {
    const emulator = new Emulator({ board: 'pico' });
    const { port } = await emulator.ready();
    emulator.say('counters');
    await emulator.answer('ok counters');
    await vi.waitUntil(async () => {
      emulator.say('counters');
      const newest = emulator.lines.findLast((line) => line.startsWith('ok counters'));
      return JSON.parse(newest!.slice('ok counters '.length)).unheardBytes > 1000;
    }, LONG);
    const terminal = new Terminal(port);
    await vi.waitUntil(() => terminal.host.last('status') !== undefined, LONG);
    expect(terminal.host.messages.find(({ name }) => name === 'event')).toBeUndefined();
    terminal.close();
  });

  it('resets the board on demand', async () => {
    const emulator = new Emulator({ board: 'pico' });
    const terminal = new Terminal((await emulator.ready()).port);
    await vi.waitUntil(() => terminal.host.last('status') !== undefined, LONG);
    emulator.say('reset');
    await emulator.answer('ok reset');
    // Repeated, as every host does: one that the reset overtakes is not answered.
    await vi.waitUntil(() => {
      terminal.host.hello();
      return terminal.host.last('session') !== undefined;
    }, HELLOS);
    expect(terminal.host.last('session')).toMatchObject({ resetCause: 2 });
    terminal.close();
  });

  it('disappears and comes back under the same link when it is unplugged; the board goes on', async () => {
    const link = join(directory, 'board');
    const emulator = new Emulator({ board: 'pico', link });
    const { port } = await emulator.ready();
    expect(readlinkSync(link)).toBe(port);
    emulator.say('unplug 300');
    await emulator.answer('ok unplug');
    expect(existsSync(link)).toBe(false);
    await vi.waitUntil(() => existsSync(link), LONG);
    const terminal = new Terminal(link);
    await vi.waitUntil(() => terminal.host.last('status') !== undefined, LONG);
    expect(terminal.host.last('event')).toBeUndefined();
    terminal.close();
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends cleanly on %s and leaves nothing behind', async (signal) => {
    const link = join(directory, 'board');
    const emulator = new Emulator({ board: 'pico', link });
    const { lag } = await emulator.ready();
    emulator.child.kill(signal);
    expect(await emulator.exit).toEqual([0, null]);
    expect([existsSync(lag), existsSync(link)]).toEqual([false, false]);
  });

  it('ends when its parent is gone, if told so, and otherwise not', async () => {
    const orphan = new Emulator({ board: 'pico', endWithParent: true });
    const independent = new Emulator({ board: 'pico' });
    await Promise.all([orphan.ready(), independent.ready()]);
    orphan.child.stdin!.end();
    independent.child.stdin!.end();
    expect(await orphan.exit).toEqual([0, null]);
    expect(independent.child.exitCode).toBeNull();
    independent.child.kill('SIGTERM');
    expect(await independent.exit).toEqual([0, null]);
  });

  it('answers what it does not understand, and replaces only links', async () => {
    const emulator = new Emulator({ board: 'pico' });
    await emulator.ready();
    emulator.say('explode');
    expect(await emulator.answer('error')).toContain('there is no command "explode"');
    const link = join(directory, 'precious');
    writeFileSync(link, 'data');
    const refused = new Emulator({ board: 'pico', link });
    expect((await refused.exit)[0]).toBe(1);
    expect(refused.lines.join('\n')).toContain('is not a symbolic link');
  });
});
