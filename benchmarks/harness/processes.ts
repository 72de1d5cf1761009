/** The programs of a benchmark: started, waited for, measured, ended. None outlives the run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Of the repository: from here in a test, from under dist in a run. */
export const root = ['../..', '../../..']
  .map((up) => fileURLToPath(new URL(`${up}/`, import.meta.url)))
  .find((folder) => existsSync(join(folder, 'package.json')))!;
export const READY_MS = 30_000;
const END_MS = 3000;
/** Of what a program printed, the newest so many are kept. */
const LINES_MAX = 200_000;

/** A settings file with nothing in it: without one a bridge would take the `tautline.toml` of whoever runs the benchmark. */
export const NO_SETTINGS = '/dev/null';

/** The environment without settings of ours. */
const ownEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TAUTLINE_')));

const running = new Set<Program>();
const folders = new Set<string>();

/** Removed with the row, or with the process, whatever ends it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tautline-bench-'));
  folders.add(folder);
  return folder;
}

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

/** Ends what a row has left running, because it failed before it could, and removes its folders. */
export async function clearAway(): Promise<void> {
  await Promise.all([...running].map((program) => program.end()));
  removeFolders();
}

process.on('exit', () => {
  for (const { child } of running) child.kill('SIGKILL');
  removeFolders();
});
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => process.exit(128 + constants.signals[signal]));

export class Program {
  readonly lines: string[] = [];
  readonly exited: Promise<number | null>;
  readonly #waiting = new Set<(line: string) => void>();

  private constructor(readonly child: ChildProcess) {
    running.add(this);
    // `close`, not `exit`: then all that it printed is here.
    this.exited = new Promise((resolve) => child.once('close', (code) => resolve(code)));
    void this.exited.then(() => running.delete(this));
    // One that cannot be started, or that takes no input any more, has ended or will: whoever waits for it is told so.
    child.on('error', ({ message }) => this.#onLine(message));
    child.stdin?.on('error', () => {});
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#onLine(line));
    }
  }

  static start(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Program {
    const stdio: ('pipe' | 'ipc')[] = ['pipe', 'pipe', 'pipe', 'ipc'];
    return new Program(spawn(command, args, { cwd: root, stdio, env: { ...ownEnvironment(), ...environment } }));
  }

  /** The first line that matches. @throws Error with what the program said instead */
  line(pattern: RegExp): Promise<RegExpExecArray> {
    for (const line of this.lines) {
      const found = pattern.exec(line);
      if (found !== null) return Promise.resolve(found);
    }
    return this.nextLine(pattern);
  }

  /** The first line from now on that matches. @throws Error with what the program said instead */
  nextLine(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        this.#waiting.delete(look);
        reject(new Error(`${why}; waited for ${pattern}, it said:\n${this.lines.slice(-20).join('\n')}`));
      };
      const timer = setTimeout(() => fail(`nothing within ${READY_MS / 1e3} s`), READY_MS);
      const look = (line: string) => {
        const found = pattern.exec(line);
        if (found === null) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      void this.exited.then((code) => {
        clearTimeout(timer);
        fail(`it ended with ${code}`);
      });
    });
  }

  /** Resolves when something listens on its port. @throws Error with what the program said when it ends before */
  async listening(port: number): Promise<void> {
    let hasEnded = false;
    void this.exited.then(() => {
      hasEnded = true;
    });
    for (const untilMs = performance.now() + READY_MS; performance.now() < untilMs; await sleep(50)) {
      if (hasEnded) throw this.#failure(`it ended with ${await this.exited}`);
      if (await isListening(port)) return;
    }
    throw this.#failure(`nothing listens on port ${port}`);
  }

  /** A line on its standard input. */
  say(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** A message over IPC, and the next one that comes back. @throws Error with what the program said when it ends or does not answer */
  ask<T>(message: object, withinMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      this.message<T>(withinMs).then(resolve, reject);
      this.tell(message, (error) => reject(this.#failure(`it takes no messages: ${error.message}`)));
    });
  }

  /** A message over IPC. @param refused when it does not take messages any more; nothing is thrown */
  tell(message: object, refused: (error: Error) => void = () => {}): void {
    this.child.send(message, (error) => {
      if (error !== null) refused(error);
    });
  }

  /** The next message over IPC. @throws Error with what the program said when it ends or says none */
  message<T>(withinMs: number): Promise<T> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        child.off('message', answered);
        reject(this.#failure(why));
      };
      const timer = setTimeout(() => fail(`no message within ${withinMs / 1e3} s`), withinMs);
      const answered = (answer: unknown) => {
        clearTimeout(timer);
        resolve(answer as T);
      };
      child.once('message', answered);
      void this.exited.then((code) => {
        clearTimeout(timer);
        fail(`it ended with ${code}`);
      });
    });
  }

  /** Stands still until it goes on, whatever happens. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** Time on a CPU so far, seconds, of the process and all its threads that live. */
  cpuSeconds(): number {
    try {
      const tasks = `/proc/${this.child.pid}/task`;
      const ns = readdirSync(tasks).map((task) =>
        Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]),
      );
      return ns.reduce((sum, each) => sum + each, 0) / 1e9;
    } catch {
      return Number.NaN;
    }
  }

  rssMiB(): number {
    try {
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))?.[1]) / 1024;
    } catch {
      return Number.NaN;
    }
  }

  async end(): Promise<void> {
    const kill = setTimeout(() => this.child.kill('SIGKILL'), END_MS);
    this.child.kill('SIGTERM');
    this.resume();
    await this.exited;
    clearTimeout(kill);
  }

  #failure(why: string): Error {
    return new Error(`${why}; it said:\n${this.lines.slice(-20).join('\n')}`);
  }

  #onLine(line: string): void {
    this.lines.push(line);
    if (this.lines.length > LINES_MAX) this.lines.shift();
    for (const look of [...this.#waiting]) look(line);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}

export const MOSQUITTO = '/usr/sbin/mosquitto';

export const mosquittoConfiguration = (port: number | string): string =>
  `listener ${port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\npersistence false\n`;

/** A broker as its documentation sets it up, without Nagle's delay on its own side. @param at its port; a free one */
export async function startMosquitto(at?: number): Promise<{
  readonly broker: Program;
  readonly port: number;
  readonly configuration: string;
}> {
  const port = at ?? (await freePort());
  const folder = temporaryFolder();
  const configuration = mosquittoConfiguration(port);
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, configuration);
  const broker = Program.start(MOSQUITTO, ['-c', file]);
  await broker.listening(port);
  return { broker, port, configuration };
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
