/**
 * `npm run soak`: the bridge and its emulated board for ten minutes, while the bridge is held up twenty times for 0.1 to
 * 1 s, by stop signals and by a blocked loop in turn. No frame may be lost, repeated or come out of order between the
 * firmware and the feed, memory may not grow by more than 8 MB after the first minute, and board and bridge keep the session.
 *
 *   npm run soak -- --minutes 10 --stalls 20 --seed 1
 *
 * Exit codes: 0 held, 5 violated, 1 could not run.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensureBuild, ensurePackages, orExplain, root } from './setup.mjs';

const GROWTH_BYTES_MAX = 8 * 2 ** 20;
/** Heaps breathe: memory is the least of so many seconds, at the first minute and at the end. */
const WINDOW_S = 30;
const SETTLED_S = 60;
/** The emulated board streams by then, and no stall has come yet. */
const BOOTED_S = 9;
const ANSWER_MS = 10_000;
/** Of what the bridge says, for whoever asks why it ended. */
const LINES_MAX = 40;
/** By second. */
const resident = [];

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
bridge.stdin.on('error', () => {}); // it has ended; told below

/** The newest lines of the bridge, and those that say that a session ended: what is counted begins anew with the next. */
const said = [];
const sessionsLost = [];
let isQuitting = false;
const url = await new Promise((resolve) => {
  createInterface({ input: bridge.stderr }).on('line', (line) => {
    said.push(line);
    if (said.length > LINES_MAX) said.shift();
    if (/session lost/.test(line)) sessionsLost.push(line);
    const address = /gateway: ready at (http:\S+)/.exec(line)?.[1];
    if (address !== undefined) resolve(address);
  });
  bridge.once('close', (code, signal) => {
    if (isQuitting) return;
    const isReady = said.some((line) => line.includes('gateway: ready')) || resident.length > 0;
    process.stdout.write(`soak: ${isReady ? 'VIOLATED: ' : ''}the bridge ended with ${signal ?? code}; it said:\n`);
    process.stdout.write(`${said.join('\n')}\n`);
    process.exit(isReady ? 5 : 1);
  });
});

async function get(path) {
  try {
    return await (await fetch(`${url}${path}`, { signal: AbortSignal.timeout(ANSWER_MS) })).text();
  } catch (error) {
    await sleep(1000); // one that has ended is told as such
    process.stdout.write(`soak: VIOLATED: ${path} is not answered: ${error.cause?.message ?? error.message}\n`);
    process.exit(5);
  }
}

async function verdicts() {
  const text = await get('/metrics');
  const counts = {};
  for (const [, verdict, count] of text.matchAll(/^tautline_frames_total\{.*verdict="(\w+)".*\} (\S+)/gm))
    counts[verdict] = (counts[verdict] ?? 0) + Number(count);
  return counts;
}

/** Boots by board. */
async function boots() {
  const found = {};
  for (const { id } of JSON.parse(await get('/api/boards')))
    found[id] = JSON.parse(await get(`/api/boards/${encodeURIComponent(id)}`)).boot;
  return found;
}

function residentBytes() {
  try {
    return Number(readFileSync(`/proc/${bridge.pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  } catch {
    return Number.NaN; // it has ended; told as soon as all that it said is here
  }
}

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
let bootsAtFirst;
for (let second = 0; second < seconds; second++) {
  await sleep(1000);
  resident.push(residentBytes());
  if (second === BOOTED_S) bootsAtFirst = JSON.stringify(await boots());
  while (planned[0] <= second) {
    planned.shift();
    await stall(Math.round(100 + 900 * random()), stalls - planned.length - 1);
  }
}

const counts = await verdicts();
const bootsAtEnd = JSON.stringify(await boots());
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
  ...(bootsAtEnd === bootsAtFirst ? [] : [`the boots of the boards changed from ${bootsAtFirst} to ${bootsAtEnd}`]),
  ...sessionsLost,
  ...(frames < seconds * 900 ? [`only ${frames} frames came in ${seconds} s`] : []),
];
for (const violation of violations) process.stdout.write(`soak: VIOLATED: ${violation}\n`);
isQuitting = true;
bridge.stdin.write('quit\n');
await new Promise((resolve) => bridge.once('close', resolve));
process.exit(violations.length > 0 ? 5 : 0);
