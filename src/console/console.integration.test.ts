/** The console in a process of its own, from the build: run `npx tsc` first. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';

const program = fileURLToPath(new URL('./testing/program.mjs', import.meta.url));
const wait = { timeout: 30_000, interval: 20 };
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tautline-console-'));
  cleanups.push(() => rmSync(path, { recursive: true }));
  return path;
}

function start(stderr: number | 'pipe') {
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', stderr] }) as ChildProcess;
  cleanups.push(() => child.kill('SIGKILL'));
  const printed = { stderr: '', stdout: '' };
  child.stderr?.on('data', (chunk) => {
    printed.stderr += chunk;
  });
  child.stdout?.on('data', (chunk) => {
    printed.stdout = String(chunk);
  });
  const say = (word: string) => child.stdin?.write(`${word}\n`);
  return { child, printed, say };
}

/** Floods the console while nobody reads it, then stops. */
async function floodAndStop({ child, printed, say }: ReturnType<typeof start>): Promise<void> {
  say('flood');
  await vi.waitFor(() => expect(Number(printed.stdout.split(' ')[1])).toBeGreaterThan(20_000), wait);
  expect(printed.stdout).toMatch(/^0 /); // no restart
  say('stop');
  expect((await once(child, 'exit'))[0]).toBe(0);
}

test('prints what happens, and its last words at the end', async () => {
  const { child, printed, say } = start('pipe');
  say('hello');
  await vi.waitFor(() => expect(printed.stderr).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}hello\n$/), wait);
  say('stop');
  expect((await once(child, 'close'))[0]).toBe(0);
  expect(printed.stderr).toMatch(/hello\n.*stop\n$/);
});

test('appends to a file', async () => {
  const path = join(folder(), 'log');
  const file = openSync(path, 'w');
  const { child, say } = start(file);
  closeSync(file);
  say('hello');
  await vi.waitFor(() => expect(readFileSync(path, 'utf8')).toContain('hello'), wait);
  say('stop');
  expect((await once(child, 'exit'))[0]).toBe(0);
  expect(readFileSync(path, 'utf8')).toMatch(/hello\n.*stop\n$/);
});

test('on a socket whose reader sleeps, holds up neither itself nor the end of the process', async () => {
  const running = start('pipe');
  running.say('hello');
  await vi.waitFor(() => expect(running.printed.stderr).toContain('hello'), wait);
  running.child.stderr?.pause();
  await floodAndStop(running);
});

test('on a pipe whose reader sleeps, holds up neither itself nor the end of the process', async () => {
  const path = join(folder(), 'pipe');
  execFileSync('mkfifo', [path]);
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = openSync(path, constants.O_WRONLY);
  cleanups.push(() => closeSync(reading));
  const running = start(writing);
  closeSync(writing);
  running.say('hello');
  const bytes = Buffer.alloc(100);
  await vi.waitFor(() => expect(bytes.toString('utf8', 0, readSync(reading, bytes))).toContain('hello'), wait);
  await floodAndStop(running);
});
