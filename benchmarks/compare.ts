/** `npm run bench -- compare BEFORE.json AFTER.json`: what became slower, each run measured by its own floor. */
import { figure, type WindowFigures } from './harness/benchmark.js';
import { type Environment, SCHEMA } from './harness/environment.js';
import { type BesideFloor, type Comparison, compareByFloor } from './harness/gate.js';
import { grid } from './harness/report.js';
import { readNamed, usageError } from './usage.js';

interface ResultsFile {
  readonly environment: Pick<Environment, 'commit' | 'configurationHash' | 'cpu' | 'node' | 'schema' | 'size'>;
  readonly windows: Readonly<Record<string, Readonly<Record<string, WindowFigures>>>>;
}

/** The arm that the others of its row are multiples of. */
const FLOORS = ['C floor', 'C reader'];
const OURS = 'Tautline';

/**
 * @returns the exit code: 0 nothing is slower, 5 something is, 6 something was not measured or nothing can be told
 * @throws UserError for files that are not two results
 */
export function compare(beforeFile: string | undefined, afterFile: string | undefined): number {
  if (beforeFile === undefined || afterFile === undefined)
    throw usageError('usage: npm run bench -- compare BEFORE.json AFTER.json, as --json FILE wrote them');
  const before = read(beforeFile);
  const after = read(afterFile);
  const rows: string[][] = [];
  const compared: Comparison[] = [];
  let isMissing = false;
  for (const row of Object.keys(after.windows)) {
    for (const key of ['p50Us', 'p99Us'] as const) {
      const comparison = compareRow(before.windows[row], after.windows[row], key);
      if (comparison === undefined) continue;
      if (comparison === 'not measured') {
        isMissing = true;
        rows.push([row, key.slice(0, 3), comparison, '', '']);
        continue;
      }
      const { ratio, difference } = comparison;
      // Tails of short windows are shown, and not judged by: their spread is as large as what one looks for.
      if (key === 'p50Us') compared.push(comparison);
      const verdict = key === 'p50Us' ? difference : '';
      rows.push([row, key.slice(0, 3), figure(ratio.value), `${figure(ratio.low)} to ${figure(ratio.high)}`, verdict]);
    }
  }
  for (const [name, { environment }] of Object.entries({ before, after })) {
    const { commit, cpu, node, size } = environment;
    process.stdout.write(`${name}: commit ${commit}, ${cpu}, Node ${node}, ${size} windows\n`);
  }
  const objections = objectionsTo(before.environment, after.environment);
  for (const objection of objections) process.stdout.write(`${objection}: nothing is judged\n`);
  if (rows.length === 0) {
    process.stdout.write('no row of both files has a floor: nothing can be compared\n');
    return 6;
  }
  process.stdout.write(`\n${grid([['row', '', 'after / before, over the floor', '95 %', ''], ...rows]).join('\n')}\n`);
  if (objections.length > 0) return 6;
  if (compared.some(({ difference }) => difference === 'slower')) return 5;
  return isMissing ? 6 : 0;
}

/** Why the two say nothing of each other. */
function objectionsTo(before: ResultsFile['environment'], after: ResultsFile['environment']): string[] {
  const objections: string[] = [];
  if ([before.size, after.size].includes('smoke')) objections.push('a smoke run has no figures');
  else if (before.size !== after.size) objections.push(`the windows are ${before.size} and ${after.size} ones`);
  if (before.cpu !== after.cpu) objections.push(`the processors are ${before.cpu} and ${after.cpu}`);
  if (objections.length === 0 && before.configurationHash !== after.configurationHash)
    objections.push('they were measured with other sources, probes, floors or peers (configurationHash)');
  return objections;
}

type Windows = ResultsFile['windows'][string];

/** @returns undefined for a row that is not in both files, or has no floor in either */
function compareRow(
  before: Windows | undefined,
  after: Windows | undefined,
  key: 'p50Us' | 'p99Us',
): Comparison | 'not measured' | undefined {
  if (before === undefined || after === undefined) return undefined;
  const [first, second] = [besideFloor(before, key), besideFloor(after, key)];
  if (first === undefined && second === undefined) return undefined;
  return isWhole(first) && isWhole(second) ? compareByFloor(first, second, 1) : 'not measured';
}

function besideFloor(windows: Windows, key: 'p50Us' | 'p99Us'): BesideFloor | undefined {
  const floor = FLOORS.map((name) => windows[name]).find((each) => each !== undefined);
  const ours = windows[OURS];
  return floor === undefined || ours === undefined ? undefined : { figures: ours[key], floor: floor[key] };
}

/** JSON has no NaN: a window in which nothing came is null there, and would be counted as a zero. */
const isWhole = (side: BesideFloor | undefined): side is BesideFloor =>
  side !== undefined &&
  side.figures.length > 0 &&
  side.figures.length === side.floor.length &&
  [...side.figures, ...side.floor].every(Number.isFinite);

function read(file: string): ResultsFile {
  const text = readNamed(file);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {} // said below
  const objection = objectionTo(parsed);
  if (objection !== null) throw usageError(`${file} is no result of --json of this suite: ${objection}`);
  return parsed as ResultsFile;
}

/** @returns what it lacks of a result; null: nothing */
function objectionTo(parsed: unknown): string | null {
  if (!isObject(parsed)) return 'it is no JSON object';
  const { environment, windows } = parsed;
  if (!isObject(environment)) return 'it has no environment';
  if (environment.schema !== SCHEMA)
    return `its environment.schema is ${JSON.stringify(environment.schema)}, not ${SCHEMA}; measure anew`;
  for (const key of ['commit', 'configurationHash', 'cpu', 'node', 'size'])
    if (typeof environment[key] !== 'string') return `its environment has no ${key}`;
  if (!isObject(windows)) return 'it has no windows';
  for (const [row, arms] of Object.entries(windows)) {
    const isWhole = isObject(arms) && Object.values(arms).every(hasFigures);
    if (!isWhole) return `its windows of ${row} have no figures by arm`;
  }
  return null;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const hasFigures = (arm: unknown): boolean =>
  isObject(arm) && [arm.p50Us, arm.p99Us].every((of) => Array.isArray(of) && of.every(isFigure));

const isFigure = (value: unknown): boolean => value === null || typeof value === 'number';
