/**
 * `npm run soak:hil`: the whole of hil-tests, so many times in a row, while `stress-ng` loads every CPU. In virtual time
 * nothing may fail or be inconclusive; in real time nothing may fail, and of no run more than 30 % may be inconclusive.
 *
 *   npm run soak:hil -- --runs 50 --target host
 *
 * Exit codes: 0 held, 5 violated, 2 usage, 1 could not run.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuild, ensureDebian, ensurePackages, orExplain, root, run, SetupError, testFirmware } from './setup.mjs';

const INCONCLUSIVE_SHARE_MAX = 0.3;
const virtual = ['pico', 'uno'];
const STRESS = '/usr/bin/stress-ng';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '50' },
    target: { type: 'string', default: 'pico' },
    seed: { type: 'string', default: '1' },
  },
});
const { target, seed } = values;
const runs = Number(values.runs);
if (!(Number.isInteger(runs) && runs > 0)) {
  process.stderr.write(`soak:hil: --runs ${values.runs}: give a whole number of runs, at least 1\n`);
  process.exit(2);
}

orExplain(() => {
  if (!existsSync(STRESS)) throw new SetupError(`${STRESS} is missing; as root: apt-get install -y stress-ng`);
  ensurePackages();
  ensureBuild();
  for (const [, targets] of testFirmware(ensureDebian())) run('make', targets);
});

const cpus = availableParallelism();
const stress = spawn(STRESS, ['--quiet', '--cpu', String(cpus), '--timeout', '0'], { stdio: 'ignore' });
/** The run under way. */
let child = null;
process.on('exit', () => {
  stress.kill('SIGTERM');
  if (child === null) return;
  try {
    process.kill(-child.pid, 'SIGTERM'); // with the workers of vitest and what they started
  } catch {} // it has just ended
});
for (const event of ['error', 'exit']) {
  stress.once(event, (why, signal) => {
    process.stderr.write(`soak:hil: stress-ng ended by itself: ${why?.message ?? signal ?? `exit code ${why}`}\n`);
    process.exit(1);
  });
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const say = (line) => process.stdout.write(`${line}\n`);
const columns = ['pass', 'marginal', 'fail', 'set-up error', 'inconclusive', 'skipped'];
const shareMax = virtual.includes(target) ? 0 : INCONCLUSIVE_SHARE_MAX;

/** @returns the report of a run, and its time in s */
async function runSuite(number) {
  const folder = join(root, 'hil-tests/artifacts', `soak-${target.replaceAll('/', '_')}`, String(number));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { HIL_REPLAY: _, HIL_IMAGE: __, ...environment } = process.env;
  const fromMs = performance.now();
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'hil'];
  child = spawn(process.execPath, vitest, {
    cwd: root,
    detached: true, // a process group of its own
    stdio: 'ignore',
    env: {
      ...environment,
      HIL_TARGET: target,
      HIL_SEED: seed,
      HIL_REQUIRE: '1',
      HIL_ARTIFACTS: folder,
      HIL_REPORT: folder,
    },
  });
  const [code, signal] = await new Promise((resolve) => child.once('exit', (...how) => resolve(how)));
  child = null;
  const path = join(folder, 'report.json');
  if (!existsSync(path)) {
    process.stderr.write(
      `soak:hil: run ${number} left no ${path}: see what "HIL_TARGET=${target} npm run test:hil" says\n`,
    );
    process.exit(1);
  }
  const report = JSON.parse(readFileSync(path, 'utf8'));
  return { report, seconds: (performance.now() - fromMs) / 1e3, folder, ended: signal ?? code };
}

say(`soak:hil: ${runs} runs on ${target}, seed ${seed}, node ${process.version}, stress-ng on ${cpus} CPUs`);
say(['run', ...columns, 'seconds'].map((name) => name.padStart(13)).join(''));
const sums = Object.fromEntries(columns.map((name) => [name, 0]));
const violations = [];
let worstShare = 0;
for (let number = 1; number <= runs; number++) {
  const { report, seconds, folder, ended } = await runSuite(number);
  const { verdicts, tests } = report;
  for (const name of columns) sums[name] += verdicts[name];
  say(
    [number, ...columns.map((name) => verdicts[name]), seconds.toFixed(1)]
      .map((cell) => String(cell).padStart(13))
      .join(''),
  );
  const wrong = tests.filter(({ verdict }) => /fail|error/.test(verdict));
  // What vitest alone knows of: an error beside the tests, a process that died.
  if (ended !== 0 && wrong.length === 0) {
    violations.push(`run ${number}: vitest ended with ${ended}, though no test failed (${folder})`);
  }
  for (const { verdict, file, name, reason } of wrong)
    violations.push(`run ${number}: ${verdict}: ${file}: ${name}: ${reason?.split('\n')[0]} (${folder})`);
  const judged = tests.length - verdicts.skipped;
  if (judged === 0) violations.push(`run ${number}: every test was skipped, nothing was judged`);
  const share = judged === 0 ? 0 : verdicts.inconclusive / judged;
  worstShare = Math.max(worstShare, share);
  if (share > shareMax) {
    violations.push(`run ${number}: ${(100 * share).toFixed(0)} % inconclusive, over ${100 * shareMax} %`);
  }
}
say(['all', ...columns.map((name) => sums[name]), ''].map((cell) => String(cell).padStart(13)).join(''));
say(`soak:hil: at most ${(100 * worstShare).toFixed(1)} % of a run inconclusive; ${100 * shareMax} % may be`);
for (const violation of violations) say(`soak:hil: VIOLATED: ${violation}`);
process.exit(violations.length > 0 ? 5 : 0);
