/** What a run of tests came to: the JSON of the report, from which the page and the JUnit file are made. */
import { availableParallelism, cpus, loadavg, release } from 'node:os';
import type { TestCase, TestModule } from 'vitest/node';
import { type TestMeta, type TestVerdict, testVerdicts } from '../test-verdict.js';

export interface ReportedTest extends Omit<TestMeta, 'trace'> {
  readonly file: string;
  readonly name: string;
  readonly durationMs: number;
  readonly trace: TestMeta['trace'];
}

export interface RunReport {
  readonly format: 'tautline-hil-report';
  readonly version: 1;
  readonly createdUtc: string;
  readonly durationMs: number;
  readonly targets: readonly string[];
  readonly host: Readonly<Record<string, string | number>>;
  /** How many tests had which verdict. */
  readonly verdicts: Readonly<Record<TestVerdict, number>>;
  /** How many came up only at the second try. */
  readonly unstable: number;
  readonly tests: readonly ReportedTest[];
}

/** @returns null when none of the tests used the kit */
export function runReport(modules: readonly TestModule[], createdUtc: string): RunReport | null {
  const isHil = (module: TestModule) => [...module.children.allTests()].some((test) => test.meta().hil !== undefined);
  // A file of the same project that could not be loaded has no tests to tell by.
  const projects = new Set(modules.filter(isHil).map(({ project }) => project.name));
  const ours = modules.filter(({ project }) => projects.has(project.name));
  const tests = ours.flatMap(testsOf);
  if (tests.length === 0) return null;
  return {
    format: 'tautline-hil-report',
    version: 1,
    createdUtc,
    durationMs: tests.reduce((sum, { durationMs }) => sum + durationMs, 0),
    targets: [...new Set(tests.map(({ target }) => target))].filter((target) => target !== ''),
    host: {
      node: process.version,
      platform: `${process.platform} ${release()} ${process.arch}`,
      cpu: cpus()[0]?.model ?? 'unknown',
      cpus: availableParallelism(),
      load: loadavg()[0]!.toFixed(2),
    },
    verdicts: tally(tests),
    unstable: tests.filter(({ unstable }) => unstable !== null).length,
    tests,
  };
}

/** What did not get as far as to a target of its own is of the module's. */
function testsOf(module: TestModule): ReportedTest[] {
  const tests = [...module.children.allTests()].map(reported);
  const target = tests.find((test) => test.target !== '')?.target ?? '';
  return [...tests, ...brokenSuites(module)].map((test) => ({ ...test, target: test.target || target }));
}

function reported(test: TestCase): ReportedTest {
  const { hil } = test.meta();
  const result = test.result();
  const errors = result.errors?.map(({ message }) => message) ?? [];
  const note = 'note' in result ? result.note : undefined;
  const base = hil ?? nothing;
  const isTold = hil !== undefined && agrees(hil.verdict, result.state);
  return {
    ...base,
    file: test.module.relativeModuleId,
    name: test.fullName,
    durationMs: Math.round(test.diagnostic()?.duration ?? 0),
    verdict: isTold ? hil.verdict : verdictOf(result.state),
    // The first error is what the test did not hold; `reason` may say more of why.
    reason:
      errors.length > 0 ? errors.join('\n\n') : (base.reason ?? note ?? (result.state === 'pending' ? LEFT : null)),
  };
}

const nothing: TestMeta = {
  verdict: 'skipped',
  reason: null,
  marginal: [],
  unstable: null,
  target: '',
  seed: 0,
  again: '',
  artefact: null,
  noise: null,
  trace: null,
};

/** Of a test whose process has died, in it or before it. */
const LEFT = 'it did not end: its process has died, or the run was cancelled';

type State = ReturnType<TestCase['result']>['state'];

/** Hooks run after the verdict, and `test.fails` turns it round: vitest has the last word. */
function agrees(verdict: TestVerdict, state: State): boolean {
  if (state === 'failed') return verdict === 'fail' || verdict === 'set-up error';
  if (state === 'passed') return verdict === 'pass' || verdict === 'marginal';
  return verdict === 'skipped' || verdict === 'inconclusive';
}

const verdicts = { failed: 'fail', passed: 'pass', skipped: 'skipped', pending: 'set-up error' } as const;
const verdictOf = (state: State): TestVerdict => verdicts[state];

/** A file that could not be loaded, and hooks that failed: vitest shows the tests behind them as skipped, or as passed. */
function brokenSuites(module: TestModule): ReportedTest[] {
  const file = module.relativeModuleId;
  const suites = [...module.children.allSuites()].map((suite) => ({ name: `${suite.fullName} (its hooks)`, suite }));
  return [{ name: '(the file)', suite: module }, ...suites].flatMap(({ name, suite }) => {
    const errors = suite.errors().map(({ message }) => message);
    if (errors.length === 0) return [];
    return [{ ...nothing, file, name, durationMs: 0, verdict: 'set-up error', reason: errors.join('\n\n') }];
  });
}

function tally(tests: readonly ReportedTest[]): Record<TestVerdict, number> {
  const counts = Object.fromEntries(Object.keys(testVerdicts).map((verdict) => [verdict, 0])) as Record<
    TestVerdict,
    number
  >;
  for (const { verdict } of tests) counts[verdict]++;
  return counts;
}
