/** `npm run simulate`. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { exitCodes } from '../exit-codes.js';
import { PERIOD_US, WATCHDOG_US } from './board.js';
import { allFaultKinds, type FaultKind } from './faults.js';
import { hostFailures, timesToSafe } from './safety-matrix.js';
import { dashed, type SimulationOptions, simulate } from './simulate.js';

const usage = `usage: npm run simulate -- [--seed N] [--hours H] [--overlap never|always|mixed] [--faults kind,kind,… [--exact]] [--keep-going] [--json FILE]
       npm run simulate -- --safety MOMENTS [--seed N] [--json FILE]
kinds: ${allFaultKinds.map(dashed).join(', ')}`;

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

function options(): SimulationOptions & { json: string | undefined; safetyMoments: number | null } {
  const { values } = (() => {
    try {
      return parseArgs({
        options: {
          seed: { type: 'string', default: '1' },
          hours: { type: 'string', default: '1' },
          overlap: { type: 'string', default: 'mixed' },
          faults: { type: 'string' },
          safety: { type: 'string' },
          exact: { type: 'boolean', default: false },
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
    isExact: values.exact,
    keepGoing: values['keep-going'],
    json: values.json,
    safetyMoments: values.safety === undefined ? null : number(values.safety, 'safety', (count) => count >= 1),
  };
}

const { json, safetyMoments, ...chosen } = options();
if (safetyMoments === null) await runEpisodes();
else runSafety(safetyMoments);

function runSafety(moments: number): void {
  const limitUs = WATCHDOG_US + PERIOD_US;
  const failures: Record<string, { moments: number; safeInTime: number; worstUs: number }> = {};
  for (const failure of Object.keys(hostFailures)) {
    const times = timesToSafe(failure, moments, chosen.seed);
    const safeInTime = times.filter((us) => us <= limitUs).length;
    failures[failure] = { moments, safeInTime, worstUs: Math.max(...times) };
    process.stdout.write(
      `the host ${failure}: safe in time ${safeInTime} of ${moments}, at the latest after ${(Math.max(...times) / 1e3).toFixed(3)} ms\n`,
    );
    if (safeInTime < moments) process.exitCode = exitCodes.violated;
  }
  write({ seed: chosen.seed, limitUs, failures });
}

function write(report: unknown): void {
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
}

async function runEpisodes(): Promise<void> {
  const before = process.cpuUsage();
  const result = await simulate(chosen);
  // The time of the processor: that of the clock would say how busy the machine is.
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  const speed = (result.hours * 3600) / seconds;
  write({ ...result, speed });

  const percent = (share: number | null) => (share === null ? 'none' : `${(100 * share).toFixed(2)} %`);
  process.stdout.write(
    `${result.hours.toFixed(2)} h in ${seconds.toFixed(1)} s of one core (${speed.toFixed(0)} × real time): ${result.frames} frames, ` +
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
}
