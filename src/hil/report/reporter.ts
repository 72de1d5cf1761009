/**
 * Reporter for vitest: `reporters: ['default', 'tautline/hil/reporter']`. After a run it writes `report.html`,
 * `report.json` and `junit.xml`, and prints how many tests had which verdict.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter, TestModule, TestSpecification } from 'vitest/node';
import { beginRun } from '../broken-boards.js';
import { artifactsFolder, environment } from '../environment.js';
import { inconclusivePercent, overLimit } from './inconclusive-limit.js';
import { junit } from './junit.js';
import { page } from './page.js';
import { type RunReport, runReport } from './run-report.js';

export interface HilReporterOptions {
  /** Default: `HIL_REPORT`, or where recordings go. */
  readonly folder?: string;
}

const files = { page: 'report.html', json: 'report.json', junit: 'junit.xml' } as const;

export default class HilReporter implements Reporter {
  readonly #folder: string | undefined;
  #endRun: () => void = () => {};
  #inconclusiveMax: number | null = null;

  constructor({ folder }: HilReporterOptions = {}) {
    this.#folder = folder;
  }

  get #reportFolder(): string {
    return this.#folder ?? (process.env.HIL_REPORT || artifactsFolder());
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.#endRun();
    this.#endRun = beginRun();
    // Whatever becomes of this run, nobody takes the report of another for its own. One of other tests is not about it.
    const isHil = specifications.some(({ moduleId }) => usesKit(moduleId) || this.#isReported(moduleId));
    if (isHil) for (const name of Object.values(files)) rmSync(join(this.#reportFolder, name), { force: true });
    this.#inconclusiveMax = environment.inconclusiveMax;
  }

  /** Whether the report of the run before is of this file, too: then it used the kit, by whatever way. */
  #isReported(moduleId: string): boolean {
    try {
      const { tests } = JSON.parse(readFileSync(join(this.#reportFolder, files.json), 'utf8')) as RunReport;
      return tests.some(({ file }) => moduleId.endsWith(file));
    } catch {
      return false; // there is none, or none of ours
    }
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    this.#endRun();
    const report = runReport(modules, new Date().toISOString());
    if (report === null) return;
    const folder = this.#reportFolder;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, files.json), `${JSON.stringify(report)}\n`);
    writeFileSync(join(folder, files.junit), junit(report));
    writeFileSync(join(folder, files.page), page(report));
    process.stdout.write(`${summary(report)}\n      HIL  ${join(folder, files.page)}\n`);
    const tooMuch = overLimit(report, this.#inconclusiveMax);
    if (tooMuch === null) return;
    process.stderr.write(`      HIL  ${tooMuch}\n`);
    process.exitCode = 1;
  }
}

function usesKit(file: string): boolean {
  try {
    return /['"]tautline\/hil['"]/.test(readFileSync(file, 'utf8'));
  } catch {
    return true; // it cannot be loaded, so nobody knows
  }
}

/** What is not judged is counted aloud: a run of nothing but skips is no success. */
function summary(report: RunReport): string {
  const { verdicts, unstable } = report;
  const counted = Object.entries(verdicts).filter(([, count]) => count > 0);
  const parts = counted.map(([verdict, count]) => `${count} ${verdict}`);
  if (unstable > 0) parts.push(`${unstable} unstable`);
  return `      HIL  ${parts.join(', ')}${verdicts.inconclusive > 0 ? ` (${inconclusivePercent(report).toFixed(0)} % inconclusive)` : ''}`;
}
