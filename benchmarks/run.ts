/** `npm run bench`: names, options, exit codes. */
import { parseArgs } from 'node:util';
import { type Benchmark, exitCodeOf, type Result } from './harness/benchmark.js';
import { environment } from './harness/environment.js';
import { writeReport } from './harness/report.js';

const benchmarks: Record<string, () => Promise<{ default: Benchmark }>> = {
  serial_to_verdict: () => import('./serial-to-verdict.js'),
  ws1: () => import('./ws1.js'),
  mqtt: () => import('./mqtt.js'),
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

const names = positionals.length > 0 ? positionals.flatMap((name) => groups[name] ?? [name]) : Object.keys(benchmarks);
for (const name of names) {
  if (name in benchmarks) continue;
  process.stderr.write(
    `no benchmark "${name}"; there are ${[...Object.keys(benchmarks), ...Object.keys(groups)].join(', ')}\n`,
  );
  process.exit(2);
}

const size = options.smoke ? 'smoke' : options.full ? 'full' : 'normal';
const results: Result[] = [];
for (const name of names) {
  process.stderr.write(`== ${name}\n`);
  const benchmark = (await benchmarks[name]!()).default;
  results.push(await benchmark.run({ size, seed: Number(options.seed) }));
}
await writeReport(results, environment(), { json: options.json, html: options.html });
process.exit(exitCodeOf(results));
