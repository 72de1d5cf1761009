/** What a figure depends on, stamped into every report. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { LOOP_PRIORITY } from '#dist/config.js';
import { BOARD_PRIORITY, isGranted } from './priority.js';
import { MOSQUITTO, mosquittoConfiguration, root } from './processes.js';

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
  readonly schema: 1;
  readonly seed: number;
  /** SHA-256, first 12 digits, of what was measured and how: rows, sizes, arms, versions of the peers. */
  readonly configurationHash: string;
}

/** To be asked before the rows: afterwards the load is their own. @param names of the rows, @param size of each, @param seed of their order and of the resampling */
export function environment(names: readonly string[], size: string, seed: number): Environment {
  const [cpu] = cpus();
  return {
    schema: 1,
    seed,
    configurationHash: configurationHash(names, size, seed),
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
function nodeRedVersion(): string {
  const lock = JSON.parse(read(join(root, 'benchmarks/peers/node-red/package-lock.json')) ?? '{}') as {
    packages?: Record<string, { version?: string }>;
  };
  return lock.packages?.['node_modules/node-red']?.version ?? 'unknown';
}

function mosquittoVersion(): string {
  // Its help ends with an exit code of its own.
  const { stdout } = spawnSync(MOSQUITTO, ['-h'], { encoding: 'utf8' });
  return /version (\S+)/.exec(stdout ?? '')?.[1] ?? 'not installed';
}

/** Whatever changes a figure without changing the code of the bridge. */
function configurationHash(names: readonly string[], size: string, seed: number): string {
  const files = [
    'package-lock.json',
    'benchmarks/peers/node-red/package-lock.json',
    'benchmarks/peers/node-red/flow.json',
    'benchmarks/peers/node-red/settings.cjs',
    'benchmarks/peers/textbook.mjs',
    'benchmarks/peers/stock-reader.mjs',
    'benchmarks/native/bridge.c',
    'benchmarks/native/line-source.c',
    'benchmarks/native/line-reader.c',
    'benchmarks/native/subscriber.c',
  ];
  const hash = createHash('sha256').update(JSON.stringify([names, size, seed, process.version, process.execArgv]));
  for (const file of files) hash.update(read(join(root, file)) ?? 'absent');
  return hash.digest('hex').slice(0, 12);
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
