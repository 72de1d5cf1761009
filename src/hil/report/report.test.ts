import { describe, expect, it } from 'vitest';
import type { TraceSummary } from '../trace-summary.js';
import { junit } from './junit.js';
import { page } from './page.js';
import type { ReportedTest, RunReport } from './run-report.js';

const hostile = `</style><script>alert("1")</script> & ]]> '\u0000 \ud800`;

const trace: TraceSummary = {
  fromUs: 5e9,
  spanUs: 2e6,
  frames: 3,
  bytes: { fromBoard: 120, toBoard: 8 },
  verdicts: { met: 2, [hostile]: 1 },
  timeline: [
    [0, 2, 2, 3, 500, 510],
    [1e6, 0, 0, 0, null, null],
    [2e6, 1, 1, 90, 30_000, 30_010],
  ],
  jitter: { lowUs: 3, widthUs: 1, counts: [2, 0, 1] },
  latency: null,
  misses: [{ atUs: 2e6, verdict: 'late', culprit: 'link', count: 1, isGap: false }],
  missesInAll: 1,
  states: [{ atUs: 0, text: hostile }],
  faults: [{ atUs: 1e6, fault: 'stall', detail: hostile }],
  stalls: [{ atUs: 1.5e6, us: 4000 }],
};

const tested = (verdict: ReportedTest['verdict'], more: Partial<ReportedTest> = {}): ReportedTest => ({
  file: 'a.test.ts',
  name: `a ${verdict} test`,
  durationMs: 1500,
  verdict,
  reason: null,
  marginal: [],
  unstable: null,
  target: 'pico',
  seed: 1,
  again: 'npx vitest run',
  artefact: null,
  noise: null,
  trace: null,
  ...more,
});

const report: RunReport = {
  format: 'tautline-hil-report',
  version: 1,
  createdUtc: '2026-01-01T00:00:00.000Z',
  durationMs: 9000,
  targets: ['pico', hostile],
  host: { cpu: hostile, cpus: 2 },
  verdicts: { pass: 1, marginal: 1, fail: 1, inconclusive: 1, 'set-up error': 1, skipped: 1 },
  unstable: 1,
  tests: [
    tested('pass', { trace }),
    tested('marginal', { marginal: [hostile], unstable: hostile }),
    tested('fail', { name: hostile, file: hostile, reason: hostile, artefact: hostile, again: hostile, trace }),
    tested('inconclusive', { reason: 'this process stood still for up to 80 ms', noise: hostile }),
    tested('set-up error', { reason: 'no board' }),
    tested('skipped', { reason: 'needs "io"' }),
  ],
};

/** Every tag that is opened is closed, in order; @returns the names of all tags. */
function tagsOf(xml: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  for (const [, slash, name, rest] of xml.matchAll(/<(\/?)([\w-]+)((?:[^<>"]|"[^"<>]*")*)>/g)) {
    names.push(name!);
    if (slash === '/') expect(open.pop()).toBe(name);
    else if (!rest!.endsWith('/')) open.push(name!);
  }
  expect(open).toEqual([]);
  return names;
}

describe('JUnit', () => {
  const xml = junit(report);

  it('is well-formed, whatever tests say', () => {
    expect(tagsOf(xml.replace(/<\?xml.*\?>/, ''))).not.toContain('script');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what XML cannot hold
    expect(xml).not.toMatch(/[\u0000-\u0008\ud800-\udfff]/);
  });

  it('tells failures, errors and skips apart, with the reasons', () => {
    expect(xml).toMatch(/<testsuites name="tautline-hil" tests="6" failures="1" errors="1" skipped="2" time="9.000">/);
    expect(xml).toContain('<testsuite name="a.test.ts (pico)" tests="5"');
    expect(xml).toContain('<error message="no board" type="set-up error">');
    expect(xml).toContain('<skipped message="needs &#34;io&#34;"/>');
    expect(xml).toContain('<skipped message="inconclusive: this process stood still for up to 80 ms"/>');
    expect(xml).toContain('<property name="verdict" value="marginal"/>');
  });
});

describe('the page', () => {
  const html = page(report);

  it('holds nothing that a test could have put there as markup', () => {
    expect(html).not.toContain('<script');
    expect(html.match(/<\/style>/g)).toHaveLength(1);
  });

  it('loads nothing', () => {
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/(src|href)=|url\(|@import/);
  });

  it('has a plot with misses, faults and stalls for each trace', () => {
    expect(html.match(/class="miss"/g)?.length).toBeGreaterThanOrEqual(2);
    expect(html.match(/class="fault"/g)?.length).toBeGreaterThanOrEqual(2);
    expect(html.match(/class="stall"/g)?.length).toBeGreaterThanOrEqual(2);
  });

  it('shows numbers, and no NaN', () => {
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });
});
