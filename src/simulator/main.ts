/** `npm run simulate`. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { exitCodes } from '../exit-codes.js';
import { allFaultKinds, type FaultKind } from './faults.js';
import { type SimulationOptions, simulate } from './simulate.js';

const usage = `usage: npm run simulate -- [--seed N] [--hours H] [--overlap never|always|mixed] [--faults kind,kind,…] [--keep-going] [--json FILE]
kinds: ${allFaultKinds.map(dashed).join(', ')}`;

function dashed(kind: string): string {
  return kind.replaceAll(' ', '-');
}

function fail(text: string): never {
  process.stderr.write(`tautline: ${text}\n${usage}\n`);
  process.exit(exitCodes.usage);
}

function number(text: string, name: string, isValid: (value: number) => boolean): number {
  const value = Number(text);
  if (text.trim() === '' || !isValid(value))
    fail(`--${name} is "${text}"; give ${name === 'seed' ? 'a whole number' : 'a positive number'}`);
  return value;
}

function kindsOf(list: string): FaultKind[] {
  return list
    .split(',')
    .map((name) => allFaultKinds.find((kind) => dashed(kind) === name) ?? fail(`--faults: no kind "${name}"`));
}

function options(): SimulationOptions & { json: string | undefined } {
  const { values } = (() => {
    try {
      return parseArgs({
        options: {
          seed: { type: 'string', default: '1' },
          hours: { type: 'string', default: '1' },
          overlap: { type: 'string', default: 'mixed' },
          faults: { type: 'string' },
          'keep-going': { type: 'boolean', default: false },
          json: { type: 'string' },
          help: { type: 'boolean', default: false },
        },
      });
    } catch (error) {
      return fail((error as Error).message);
    }
  })();
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    process.exit(exitCodes.ok);
  }
  if (!['never', 'always', 'mixed'].includes(values.overlap)) fail(`--overlap is "${values.overlap}"`);
  return {
    seed: number(values.seed, 'seed', Number.isSafeInteger),
    hours: number(values.hours, 'hours', (value) => value > 0 && Number.isFinite(value)),
    ...(values.overlap === 'mixed' ? {} : { overlap: values.overlap === 'always' }),
    ...(values.faults === undefined ? {} : { kinds: kindsOf(values.faults) }),
    keepGoing: values['keep-going'],
    json: values.json,
  };
}

const { json, ...chosen } = options();
const startedUs = process.hrtime.bigint();
const result = simulate(chosen);
const seconds = Number(process.hrtime.bigint() - startedUs) / 1e9;
const speed = (result.hours * 3600) / seconds;
const report = { ...result, speed };
if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);

const percent = (share: number | null) => (share === null ? 'none' : `${(100 * share).toFixed(2)} %`);
process.stdout.write(
  `${result.hours.toFixed(2)} h in ${seconds.toFixed(1)} s (${speed.toFixed(0)} × real time): ${result.frames} frames, ` +
    `${result.lost} lost, ${result.faults} faults, ${result.trips} trips\n` +
    `blame, one fault at a time: ${percent(result.blame.accuracy)} of the decided right, ` +
    `${percent(result.blame.indeterminate)} of ${result.blame.lateFrames} left open\n` +
    `blame, overlapping faults:  ${percent(result.overlapping.accuracy)} of the decided right, ` +
    `${percent(result.overlapping.indeterminate)} of ${result.overlapping.lateFrames} left open\n`,
);
for (const { seed, atSeconds, invariant, values, faults, replay } of result.violations) {
  process.stdout.write(
    `VIOLATED: ${invariant}\n  seed ${seed}, at ${atSeconds.toFixed(6)} s: ${JSON.stringify(values)}\n  faults before: ${faults.join('; ')}\n  replay: ${replay}\n`,
  );
}
if (result.violations.length > 0) process.exitCode = exitCodes.violated;
