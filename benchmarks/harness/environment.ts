/** What a figure depends on, stamped into every report. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { LOOP_PRIORITY } from '#dist/config.js';
import type { RunOptions } from './benchmark.js';
import { BOARD_PRIORITY, isGranted } from './priority.js';
import { MOSQUITTO, mosquittoConfiguration, root } from './processes.js';

/** Of results: of another one the figures mean something else. */
export const SCHEMA = 2;

export interface Environment {
  readonly commit: string;
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly governor: string;
  readonly node: string;
  readonly nodeFlags: string;
  /** Effective user of the run; -1 where there is none. */
  readonly uid: number;
  /** SCHED_FIFO priorities that the kernel grants to our loop and the C floors, and to the boards; 0: none. */
  readonly loopPriority: number;
  readonly boardPriority: number;
  /** Before the first row. */
  readonly load: string;
  readonly nodeRed: string;
  readonly mosquitto: string;
  readonly mosquittoConfiguration: string;
  readonly schema: typeof SCHEMA;
  readonly rows: readonly string[];
  readonly size: RunOptions['size'];
  readonly seed: number;
  /**
   * SHA-256, first 12 digits, of what is measured with and how: size and plans of the windows, sources, probes, floors, peers,
   * broker. Not of the rows, the seed and Node, which stand beside it, and not of the bridge.
   */
  readonly configurationHash: string;
}

/** To be asked before the rows: afterwards the load is their own. @param names of the rows, @param size of each, @param seed of their order and of the resampling */
export function environment(names: readonly string[], size: RunOptions['size'], seed: number): Environment {
  const [cpu] = cpus();
  return {
    schema: SCHEMA,
    rows: names,
    size,
    seed,
    configurationHash: configurationHash(size),
    commit: commit(),
    date: new Date().toISOString(),
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    governor: read('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor') ?? 'not told',
    node: process.version,
    nodeFlags: process.execArgv.join(' '),
    uid: process.geteuid?.() ?? -1,
    loopPriority: isGranted(LOOP_PRIORITY) ? LOOP_PRIORITY : 0,
    boardPriority: isGranted(BOARD_PRIORITY) ? BOARD_PRIORITY : 0,
    load: loadavg()
      .map((value) => value.toFixed(2))
      .join(' '),
    nodeRed: nodeRedVersion(),
    mosquitto: mosquittoVersion(),
    mosquittoConfiguration: mosquittoConfiguration('PORT').trim().replaceAll('\n', '; '),
  };
}

/** As its lockfile has it: it is installed by the first row that needs it. */
const nodeRedVersion = (): string => lockedVersion('benchmarks/peers/node-red/package-lock.json', 'node-red');

function mosquittoVersion(): string {
  // Its help ends with an exit code of its own.
  const { stdout } = spawnSync(MOSQUITTO, ['-h'], { encoding: 'utf8' });
  return /version (\S+)/.exec(stdout ?? '')?.[1] ?? 'not installed';
}

/** Files, and folders with all that is directly in them. */
const measuredWith = [
  ...['firmware/port/host', 'firmware/core', 'firmware/app', 'benchmarks/native'],
  ...['package-lock.json', 'flow.json', 'settings.cjs'].map((name) => `benchmarks/peers/node-red/${name}`),
  ...['textbook.mjs', 'stock-reader.mjs'].map((name) => `benchmarks/peers/${name}`),
  ...['probe', 'measured-bridge', 'first-frame'].map((name) => `benchmarks/${name}.ts`),
  ...['serial-to-verdict', 'ws1', 'mqtt', 'ws100', 'ws1000', 'loop'].map((name) => `benchmarks/${name}.ts`),
  ...[
    'arms',
    'bridges',
    'crowd',
    'end-to-end-arms',
    'latency-row',
    'measured',
    'priority',
    'processes',
    'releases',
  ].map((name) => `benchmarks/harness/${name}.ts`),
  ...['shortfall', 'sources', 'statistics'].map((name) => `benchmarks/harness/${name}.ts`),
];
/** Of the peers and the probes. */
const packages = ['serialport', '@serialport/bindings-cpp', '@serialport/parser-readline', 'ws', 'mqtt'];

/** Whatever changes a figure without changing the code of the bridge. @param readFile for tests: text of a path in the repository */
export function configurationHash(
  size: RunOptions['size'],
  readFile = (path: string) => read(join(root, path)),
): string {
  const broker = [mosquittoVersion(), mosquittoConfiguration('PORT')];
  const hash = createHash('sha256').update(JSON.stringify([size, ...broker, ...packages.map(packageVersion)]));
  for (const path of measuredWith.flatMap(filesOf)) hash.update(`${path}\n${readFile(path) ?? 'absent'}`);
  return hash.digest('hex').slice(0, 12);
}

function filesOf(path: string): string[] {
  const full = join(root, path);
  if (!existsSync(full) || !statSync(full).isDirectory()) return [path];
  const within = readdirSync(full, { withFileTypes: true }).filter((each) => each.isFile());
  return within.map(({ name }) => `${path}/${name}`).sort();
}

const packageVersion = (name: string): string => lockedVersion('package-lock.json', name);

function lockedVersion(lockfile: string, name: string): string {
  const lock = JSON.parse(read(join(root, lockfile)) ?? '{}') as { packages?: Record<string, { version?: string }> };
  return lock.packages?.[`node_modules/${name}`]?.version ?? 'unknown';
}

function commit(): string {
  try {
    const hash = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
    const isDirty = execFileSync('git', ['status', '--porcelain'], { encoding: 'utf8' }).trim() !== '';
    return isDirty ? `${hash} and changes` : hash;
  } catch {
    return 'unknown';
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
