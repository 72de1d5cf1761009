/**
 * `npm run soak`: the bridge and its emulated board for ten minutes, while the bridge is held up twenty times for 0.1 to
 * 1 s, by stop signals and by a blocked loop in turn. No frame may be lost, repeated or come out of order between the
 * firmware and the feed, and memory may not grow by more than 8 MB after the first minute.
 *
 *   npm run soak -- --minutes 10 --stalls 20 --seed 1
 *
 * Exit codes: 0 held, 5 violated, 1 could not run.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensureBuild, ensurePackages, orExplain, root } from './setup.mjs';

const GROWTH_BYTES_MAX = 8 * 2 ** 20;
/** Heaps breathe: memory is the least of so many seconds, at the first minute and at the end. */
const WINDOW_S = 30;
const SETTLED_S = 60;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    stalls: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});
const seconds = Number(values.minutes) * 60;
const stalls = Number(values.stalls);
if (!(seconds >= SETTLED_S + 2 * WINDOW_S && stalls >= 0)) {
  process.stderr.write(`soak: give at least ${(SETTLED_S + 2 * WINDOW_S) / 60} minutes, and 0 stalls or more\n`);
  process.exit(2);
}

orExplain(() => {
  ensurePackages();
  ensureBuild();
});

/** mulberry32: the same stalls for the same seed. */
let state = Number(values.seed);
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let bits = Math.imul(state ^ (state >>> 15), state | 1);
  bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
  return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
}

const { v8Flags } = await import('../dist/v8-flags.js');
const program = join(root, 'src/system/bridge-program.mjs');
const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('TAUTLINE_'));
const bridge = spawn(process.execPath, [...v8Flags, program, 'http.port=0', 'mqtt.port=0', 'mqtt.frames=true'], {
  stdio: ['pipe', 'ignore', 'pipe'],
  env: Object.fromEntries(environment),
});
process.on('exit', () => bridge.kill('SIGKILL'));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const url = await new Promise((resolve, reject) => {
  let said = '';
  bridge.stderr.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-4096);
    const address = /gateway: ready at (http:\S+)/.exec(said)?.[1];
    if (address !== undefined) resolve(address);
  });
  bridge.once('exit', (code) => reject(new Error(`the bridge ended with ${code}\n${said}`)));
});

async function verdicts() {
  const text = await (await fetch(`${url}/metrics`)).text();
  const counts = {};
  for (const [, verdict, count] of text.matchAll(/^tautline_frames_total\{.*verdict="(\w+)".*\} (\S+)/gm))
    counts[verdict] = (counts[verdict] ?? 0) + Number(count);
  return counts;
}

const residentBytes = () => Number(readFileSync(`/proc/${bridge.pid}/statm`, 'utf8').split(' ')[1]) * 4096;

async function stall(ms, i) {
  if (i % 2 === 0) bridge.stdin.write(`block ${ms}\n`);
  else {
    bridge.kill('SIGSTOP');
    await sleep(ms);
    bridge.kill('SIGCONT');
  }
  process.stdout.write(`soak: stall ${i + 1} of ${stalls}: ${ms} ms, ${i % 2 === 0 ? 'loop blocked' : 'stopped'}\n`);
}

// The stalls lie between the first seconds and the last, so that each is followed by time to show its harm.
const planned = Array.from({ length: stalls }, (_, i) => 10 + ((i + random()) / stalls) * (seconds - 25));
const resident = [];
for (let second = 0; second < seconds; second++) {
  await sleep(1000);
  resident.push(residentBytes());
  while (planned[0] <= second) {
    planned.shift();
    await stall(Math.round(100 + 900 * random()), stalls - planned.length - 1);
  }
}

const counts = await verdicts();
const least = (from) => Math.min(...resident.slice(from, from + WINDOW_S));
const growthBytes = least(resident.length - WINDOW_S) - least(SETTLED_S);
const frames = Object.values(counts).reduce((sum, count) => sum + count, 0);
const harmed = ['lost', 'repeated', 'reordered', 'corrupt', 'foreign'].filter((verdict) => counts[verdict] > 0);
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
process.stdout.write(
  `soak: ${JSON.stringify({ node: process.version, seconds, stalls, seed: values.seed, frames, verdicts: counts })}\n` +
    `soak: memory ${mib(least(SETTLED_S))} after the first minute, ${mib(least(resident.length - WINDOW_S))} at the end\n`,
);
const violations = [
  ...(harmed.length > 0 ? [`frames were ${harmed.join(', ')}`] : []),
  ...(growthBytes > GROWTH_BYTES_MAX ? [`memory grew by ${mib(growthBytes)}, over ${mib(GROWTH_BYTES_MAX)}`] : []),
  ...(frames < seconds * 900 ? [`only ${frames} frames came in ${seconds} s`] : []),
];
for (const violation of violations) process.stdout.write(`soak: VIOLATED: ${violation}\n`);
bridge.stdin.write('quit\n');
await new Promise((resolve) => bridge.once('exit', resolve));
process.exit(violations.length > 0 ? 5 : 0);
