/** What a figure depends on, stamped into every report. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

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
  readonly load: string;
  readonly schema: 1;
}

export function environment(): Environment {
  const [cpu] = cpus();
  return {
    schema: 1,
    commit: commit(),
    date: new Date().toISOString(),
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    governor: read('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor') ?? 'not told',
    node: process.version,
    nodeFlags: process.execArgv.join(' '),
    load: loadavg()
      .map((value) => value.toFixed(2))
      .join(' '),
  };
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
