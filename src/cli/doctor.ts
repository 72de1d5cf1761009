import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { basename } from 'node:path';
import { LOOP_PRIORITY } from '../config.js';
import { openIfMeasured } from '../deadline/evidence.js';
import { exitCodes } from '../exit-codes.js';
import { v8Flags } from '../v8-flags.js';

type Level = 'ok' | 'note' | 'problem';
interface Finding {
  readonly level: Level;
  readonly subject: string;
  readonly text: string;
}

const SCHEDSTAT = `/proc/self/task/${process.pid}/schedstat`;

/** Prints what this machine can and cannot promise. Exit code 0: nothing stands in the way; 3: a port cannot be opened. */
export function doctor(): void {
  const findings = [
    runtime(process.versions.node),
    flags(),
    evidence(SCHEDSTAT),
    scheduling(),
    shells(),
    ...ports(),
    modemManager(),
  ].flat();
  const mark: Record<Level, string> = { ok: 'ok      ', note: 'note    ', problem: 'PROBLEM ' };
  for (const { level, subject, text } of findings)
    process.stdout.write(`${mark[level]} ${subject.padEnd(14)} ${text}\n`);
  process.exitCode = findings.some((finding) => finding.level === 'problem') ? exitCodes.port : exitCodes.ok;
}

export function runtime(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const text = `Node v${version} on ${process.platform} ${release()}, ${availableParallelism()} cores`;
  if (major < 20 || (major === 20 && minor < 19)) {
    return { level: 'problem', subject: 'runtime', text: `${text}: too old; 20.19 is the least` };
  }
  if (major > 26 || (major === 26 && minor > 2)) {
    return {
      level: 'problem',
      subject: 'runtime',
      text: `${text}: serialport stalls on Node after 26.2; use 22 or 24`,
    };
  }
  return { level: 'ok', subject: 'runtime', text };
}

function flags(): Finding {
  const missing = v8Flags.filter((flag) => !process.execArgv.includes(flag));
  return missing.length === 0
    ? { level: 'ok', subject: 'V8 flags', text: v8Flags.join(' ') }
    : {
        level: 'note',
        subject: 'V8 flags',
        text: `missing ${missing.join(' ')}: expect stalls of 5-15 ms; start through "tautline" or npm`,
      };
}

/** Without the scheduler's figures the host's part of a delay cannot be told from the link's as well. */
export function evidence(path: string): Finding {
  const subject = 'blame';
  const descriptor = openIfMeasured(path);
  if (descriptor === null) {
    return {
      level: 'note',
      subject,
      text: 'no schedstat here, or it does not count: more misses will be "indeterminate" (Linux has it; some containers hide it)',
    };
  }
  closeSync(descriptor);
  return { level: 'ok', subject, text: 'schedstat counts: run delay and CPU time are evidence' };
}

/** Tried, not worked out: rights come from limits, capabilities and the container. */
function scheduling(): Finding {
  const subject = 'scheduling';
  if (process.platform !== 'linux') return { level: 'note', subject, text: 'the loop runs at ordinary priority' };
  const { status, error } = spawnSync('chrt', ['--fifo', String(LOOP_PRIORITY), 'true']);
  if (error !== undefined) {
    const text = `chrt cannot be run (${error.message}), so the loop stays at ordinary priority: install util-linux`;
    return { level: 'note', subject, text };
  }
  return status === 0
    ? {
        level: 'ok',
        subject,
        text: `real-time priority ${LOOP_PRIORITY} is granted: the loop takes it (loop.priority)`,
      }
    : {
        level: 'note',
        subject,
        text: `no right to real-time priority ${LOOP_PRIORITY}: a busy host delays the loop; LimitRTPRIO= or limits.conf give it (docs/operations.md)`,
      };
}

function shells(): Finding {
  const inContainer = existsSync('/.dockerenv') || existsSync('/run/.containerenv');
  return inContainer
    ? {
        level: 'note',
        subject: 'container',
        text: 'pass the port with --device, and /dev/serial with it for stable names',
      }
    : { level: 'ok', subject: 'container', text: 'none' };
}

function ports(): Finding[] {
  const names =
    process.platform === 'linux' ? readdirSync('/dev').filter((name) => /^tty(ACM|USB|AMA)\d+$/.test(name)) : [];
  if (names.length === 0)
    return [{ level: 'note', subject: 'ports', text: 'no board plugged in; "tautline start" emulates one' }];
  return names.map((name) => {
    const path = `/dev/${name}`;
    try {
      accessSync(path, constants.R_OK | constants.W_OK);
    } catch {
      return {
        level: 'problem',
        subject: path,
        text: 'not permitted: sudo usermod -aG dialout $USER, then log in again',
      };
    }
    const latency = ftdiLatencyMs(name);
    return latency !== null && latency > 1
      ? {
          level: 'note',
          subject: path,
          text: `FTDI holds bytes up to ${latency} ms: echo 1 | sudo tee /sys/bus/usb-serial/devices/${name}/latency_timer`,
        }
      : { level: 'ok', subject: path, text: `readable and writable${stableName(name)}` };
  });
}

function ftdiLatencyMs(name: string): number | null {
  try {
    return Number(readFileSync(`/sys/bus/usb-serial/devices/${name}/latency_timer`, 'utf8'));
  } catch {
    return null;
  }
}

function stableName(name: string): string {
  try {
    const folder = '/dev/serial/by-id';
    const link = readdirSync(folder).find((entry) => basename(readlinkSync(`${folder}/${entry}`)) === name);
    return link === undefined ? '' : `; stable name ${folder}/${link}`;
  } catch {
    return '';
  }
}

function modemManager(): Finding[] {
  if (!existsSync('/usr/sbin/ModemManager')) return [];
  return [
    {
      level: 'note',
      subject: 'ModemManager',
      text: 'probes new ports for seconds: give the board a udev rule with ENV{ID_MM_DEVICE_IGNORE}="1"',
    },
  ];
}
