/** `npm run bench`: names, options, exit codes. Two commands more: `compare A.json B.json` and `link --port PATH`. */
import { parseArgs } from 'node:util';
import { type Benchmark, exitCodeOf, type Result, type RunOptions } from './harness/benchmark.js';
import { environment } from './harness/environment.js';
import { writeReport } from './harness/report.js';

const benchmarks: Record<string, () => Promise<{ default: Benchmark }>> = {
  serial_to_verdict: () => import('./serial-to-verdict.js'),
  ws1: () => import('./ws1.js'),
  mqtt: () => import('./mqtt.js'),
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
  micro: () => import('./micro.js'),
  handoff: () => import('./handoff.js'),
  gate: () => import('./gate.js'),
};

/** Several under one name. */
const groups: Record<string, readonly string[]> = { 'end-to-end': ['ws1', 'mqtt'] };

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean' },
    smoke: { type: 'boolean' },
    full: { type: 'boolean' },
    json: { type: 'string' },
    html: { type: 'string' },
    seed: { type: 'string', default: '1' },
    port: { type: 'string' },
    baud: { type: 'string', default: '921600' },
  },
});

if (options.list) {
  for (const [name, load] of Object.entries(benchmarks)) {
    process.stdout.write(`${name.padEnd(18)} ${(await load()).default.description}\n`);
  }
  for (const [name, members] of Object.entries(groups))
    process.stdout.write(`${name.padEnd(18)} ${members.join(' and ')}\n`);
  process.exit(0);
}

const [command, ...operands] = positionals;
if (command === 'compare') process.exit((await import('./compare.js')).compare(operands[0], operands[1]));
if (command === 'link') {
  if (options.port === undefined) {
    process.stderr.write('usage: npm run bench -- link --port PATH [--baud RATE]\n');
    process.exit(2);
  }
  process.exit(await (await import('./link.js')).link(options.port, Number(options.baud)));
}

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
const names = (positionals.length > 0 ? positionals : suite).flatMap((name) => groups[name] ?? [name]);
for (const name of names) {
  if (name in benchmarks) continue;
  process.stderr.write(
    `no benchmark "${name}"; there are ${[...Object.keys(benchmarks), ...Object.keys(groups)].join(', ')}\n`,
  );
  process.exit(2);
}

const size: RunOptions['size'] = options.smoke ? 'smoke' : options.full ? 'full' : 'normal';
const results: Result[] = [];
for (const name of names) {
  process.stderr.write(`== ${name}\n`);
  results.push(await resultOf(name));
}

/** A row that cannot be measured does not take the others with it. */
async function resultOf(name: string): Promise<Result> {
  try {
    return await (await benchmarks[name]!()).default.run({ size, seed: Number(options.seed) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${error instanceof Error ? error.stack : reason}\n`);
    return { name, values: {}, verdict: 'inconclusive', reasons: [`not measured: ${reason}`], tables: [], series: [] };
  }
}
await writeReport(results, environment(names, size, Number(options.seed)), { json: options.json, html: options.html });
process.exit(exitCodeOf(results));
