/** `npm run bench`: names, options, exit codes. Two commands more: `compare A.json B.json` and `link --port PATH`. */
import { exitCodes } from '#dist/exit-codes.js';
import { type Benchmark, exitCodeOf, type Result, type RunOptions } from './harness/benchmark.js';
import { environment } from './harness/environment.js';
import { reportFiles, writeReport } from './harness/report.js';
import { resultOf } from './harness/result-of.js';
import { checkWritable, explain, readArguments, usageError } from './usage.js';

const benchmarks: Record<string, () => Promise<{ default: Benchmark }>> = {
  serial_to_verdict: () => import('./serial-to-verdict.js'),
  ws1: () => import('./ws1.js'),
  mqtt: () => import('./mqtt.js'),
  elsewhere: () => import('./elsewhere.js'),
  mqtt_qos1: () => import('./mqtt-qos1.js'),
  command: () => import('./command.js'),
  busy: () => import('./busy.js'),
  ws1000: () => import('./ws1000.js'),
  ws100_immediate: async () => ({ default: (await import('./ws100.js')).immediate }),
  ws100_batched: async () => ({ default: (await import('./ws100.js')).batched }),
  loop: () => import('./loop.js'),
  decode: () => import('./decode.js'),
  sustained: () => import('./sustained.js'),
  memory: () => import('./memory.js'),
  idle: () => import('./idle.js'),
  clock: () => import('./clock.js'),
  blame: () => import('./blame.js'),
  cost: () => import('./cost.js'),
  integrity: () => import('./integrity.js'),
  stages: () => import('./stages.js'),
  micro: () => import('./micro.js'),
  handoff: () => import('./handoff.js'),
  gate: () => import('./gate.js'),
};

/** Several under one name. */
const groups: Record<string, readonly string[]> = { 'end-to-end': ['ws1', 'mqtt'] };

/** What a run without names measures: how it compares. The others take long, or are for one question. */
const suite = [
  'serial_to_verdict',
  'ws1',
  'mqtt',
  'ws100_immediate',
  'ws100_batched',
  'loop',
  'decode',
  'sustained',
  'memory',
  'idle',
];

type Arguments = ReturnType<typeof readArguments>;

/** @returns the exit code */
async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  const [command, ...operands] = options.positionals;
  if (options.list) return list();
  if (command === 'compare') return (await import('./compare.js')).compare(operands[0], operands[1]);
  if (command === 'link') {
    if (options.port === undefined) throw usageError('usage: npm run bench -- link --port PATH [--baud RATE]');
    return (await import('./link.js')).link(options.port, options.baud);
  }
  return measure(options);
}

async function list(): Promise<number> {
  const line = (name: string, what: string) => `${name.padEnd(18)} ${what}\n`;
  let text = '';
  for (const [name, load] of Object.entries(benchmarks)) text += line(name, (await load()).default.description);
  for (const [name, members] of Object.entries(groups)) text += line(name, members.join(' and '));
  process.stdout.write(text);
  return exitCodes.ok;
}

async function measure({ positionals, smoke, full, seed, json, html }: Arguments): Promise<number> {
  const names = (positionals.length > 0 ? positionals : suite).flatMap((name) => groups[name] ?? [name]);
  const known = [...Object.keys(benchmarks), ...Object.keys(groups)];
  for (const name of names)
    if (!Object.hasOwn(benchmarks, name)) throw usageError(`no benchmark "${name}"; there are ${known.join(', ')}`);
  const size: RunOptions['size'] = smoke ? 'smoke' : full ? 'full' : 'normal';
  const files = reportFiles(json, html);
  checkWritable([files.json, files.html]);
  const surroundings = environment(names, size, seed);
  const results: Result[] = [];
  for (const name of names) {
    process.stderr.write(`== ${name}\n`);
    results.push(await resultOf(name, async () => (await benchmarks[name]!()).default.run({ size, seed })));
  }
  writeReport(results, surroundings, files);
  return exitCodeOf(results);
}

try {
  process.exit(await main());
} catch (error) {
  const [message, exitCode] = explain(error);
  process.stderr.write(`bench: ${message}\n`);
  process.exit(exitCode);
}
