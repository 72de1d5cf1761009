/**
 * JUnit XML, for whatever collects it. Not vitest's own: that knows no reason for a skip, no set-up error, and no
 * properties. A set-up error is an `<error>`, an inconclusive test a `<skipped>` whose message says so.
 */
import type { ReportedTest, RunReport } from './run-report.js';

export function junit(report: RunReport): string {
  const names = [...new Set(report.tests.map(suiteOf))];
  const suites = names.map((name) =>
    suite(
      name,
      report.tests.filter((test) => suiteOf(test) === name),
      report.createdUtc,
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts('tautline-hil', report.tests)}>\n${suites.join('')}</testsuites>\n`;
}

/** One run may test one file on several targets. */
const suiteOf = ({ file, target }: ReportedTest): string => (target === '' ? file : `${file} (${target})`);

function suite(name: string, tests: readonly ReportedTest[], createdUtc: string): string {
  return `<testsuite ${counts(name, tests)} ${attribute('timestamp', createdUtc)}>\n${tests.map(testcase).join('')}</testsuite>\n`;
}

function counts(name: string, tests: readonly ReportedTest[]): string {
  const of = (...verdicts: string[]) => tests.filter(({ verdict }) => verdicts.includes(verdict)).length;
  return [
    attribute('name', name),
    attribute('tests', tests.length),
    attribute('failures', of('fail')),
    attribute('errors', of('set-up error')),
    attribute('skipped', of('skipped', 'inconclusive')),
    attribute('time', seconds(tests.reduce((sum, { durationMs }) => sum + durationMs, 0))),
  ].join(' ');
}

function testcase(test: ReportedTest): string {
  const { file, name, durationMs, verdict, reason, again } = test;
  const head = `<testcase ${attribute('classname', file)} ${attribute('name', name)} ${attribute('time', seconds(durationMs))}>`;
  const properties = [
    ['verdict', verdict],
    ['target', test.target],
    ['seed', String(test.seed)],
    ...test.marginal.map((claim) => ['marginal', claim]),
    ...(test.unstable === null ? [] : [['unstable', test.unstable]]),
    ...(test.artefact === null ? [] : [['artefact', test.artefact]]),
    ...(test.noise === null ? [] : [['noise', test.noise]]),
  ].map(([key, value]) => `<property ${attribute('name', key!)} ${attribute('value', value!)}/>`);
  const said = again === '' ? '' : `<system-out>${xml(`again: ${again}`)}</system-out>\n`;
  return `${head}\n<properties>${properties.join('')}</properties>\n${outcome(verdict, reason ?? '')}${said}</testcase>\n`;
}

function outcome(verdict: ReportedTest['verdict'], reason: string): string {
  const first = attribute('message', reason.split('\n', 1)[0]!);
  if (verdict === 'fail') return `<failure ${first} type="fail">${xml(reason)}</failure>\n`;
  if (verdict === 'set-up error') return `<error ${first} type="set-up error">${xml(reason)}</error>\n`;
  if (verdict === 'skipped' || verdict === 'inconclusive') {
    return `<skipped ${attribute('message', verdict === 'skipped' ? reason : `inconclusive: ${reason}`)}/>\n`;
  }
  return '';
}

const seconds = (ms: number): string => (ms / 1e3).toFixed(3);
const attribute = (name: string, value: string | number): string => `${name}="${xml(String(value))}"`;

/** What XML 1.0 cannot hold at all (control characters, lone surrogates) becomes U+FFFD. */
function xml(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replace(/[&<>"'\n]/g, (character) => `&#${character.charCodeAt(0)};`)
  );
}
