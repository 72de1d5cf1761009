/** One page for a run, with everything in it: no script, no font, nothing to load. Everything that tests say is escaped. */
import { testVerdicts } from '../test-verdict.js';
import { escaped } from './plot.js';
import { histogramPlot, timelinePlot } from './plots.js';
import type { ReportedTest, RunReport } from './run-report.js';

const style = `
:root{color-scheme:light dark;font:14px/1.5 system-ui,sans-serif}
body{max-width:960px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;font-size:12px}dd{margin:0}
table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #8885;padding:.2rem .6rem;text-align:left}
details{border-top:1px solid #8885;padding:.35rem 0}summary{cursor:pointer}summary small{opacity:.7}
pre{overflow:auto;background:#8881;padding:.6rem;font-size:12px}
.v{display:inline-block;min-width:7.5em;font-weight:600}
.pass{color:#0a7d55}.marginal{color:#a15c00}.fail,.set-up-error{color:#c0262d}.inconclusive{color:#7a4fc9}.skipped{opacity:.6}
svg{max-width:100%;margin:.5rem 0}text{fill:currentColor;font-size:11px}.axis{stroke:#8884}
.released{fill:#1769c2}.arrived{fill:#0a7d55}.bar{fill:#1769c2}
path{fill:none;stroke-width:1.4}.late{stroke:#a15c00}.age{stroke:#0a7d55}.judged{stroke:#1769c2}
line.miss{stroke:#c0262d;stroke-width:2}line.fault{stroke:#7a4fc9;stroke-width:2}line.stall{stroke:#a15c00;stroke-width:2}line.state{stroke:#1769c2;stroke-width:2}
.key span{margin-right:1.2em}.key i{display:inline-block;width:1.2em;height:3px;vertical-align:middle;margin-right:.3em}
`;

export function page(report: RunReport): string {
  const title = `HIL: ${report.targets.join(', ')}`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title><style>${style}</style></head><body>
<h1>${escaped(title)}</h1>${facts(report)}${verdictTable(report)}${key}${report.tests.map(section).join('\n')}
</body></html>
`;
}

function facts({ createdUtc, durationMs, host, unstable }: RunReport): string {
  const rows = { at: createdUtc, 'tests took': `${(durationMs / 1e3).toFixed(1)} s`, ...host, unstable };
  return `<dl>${Object.entries(rows)
    .map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(String(value))}</dd>`)
    .join('')}</dl>`;
}

function verdictTable({ verdicts }: RunReport): string {
  const rows = Object.entries(testVerdicts).map(
    ([verdict, meaning]) =>
      `<tr><td class="${classOf(verdict)}">${verdict}</td><td>${verdicts[verdict as keyof typeof verdicts]}</td><td>${meaning}</td></tr>`,
  );
  return `<table>${rows.join('')}</table>`;
}

const key = `<p class="key">${[
  ['#a15c00', "worst start of a job behind its release (the board's stamps)"],
  ['#0a7d55', 'worst age at arrival'],
  ['#1769c2', 'worst age when judged'],
]
  .map(([colour, meaning]) => `<span><i style="background:${colour}"></i>${meaning}</span>`)
  .join('')}</p>`;

function section(test: ReportedTest): string {
  const { verdict, name, file, durationMs } = test;
  const isOpen = verdict !== 'pass' && verdict !== 'skipped';
  return `<details${isOpen ? ' open' : ''}><summary><span class="v ${classOf(verdict)}">${verdict}</span>${escaped(name)} <small>${escaped(file)}, ${(durationMs / 1e3).toFixed(2)} s</small></summary>${details(test)}</details>`;
}

function details(test: ReportedTest): string {
  const { reason, marginal, unstable, noise, again, artefact, trace } = test;
  const paragraphs = [
    ...(reason === null ? [] : [`<pre>${escaped(reason)}</pre>`]),
    ...marginal.map((claim) => `<p class="marginal">marginal: ${escaped(claim)}</p>`),
    ...(unstable === null
      ? []
      : [`<p class="marginal">unstable: the board came up at the second try only. ${escaped(unstable)}</p>`]),
    ...(noise === null ? [] : [`<p>this machine: ${escaped(noise)}</p>`]),
    ...(again === '' ? [] : [`<pre>${escaped(again)}</pre>`]),
    ...(artefact === null ? [] : [`<p>recording: ${escaped(artefact)}</p>`]),
  ];
  if (trace === null) return paragraphs.join('');
  const { frames, bytes, verdicts, missesInAll } = trace;
  const counted = Object.entries(verdicts).map(([verdict, count]) => `${count} ${verdict}`);
  paragraphs.push(
    `<p>${frames} frames (${escaped(counted.join(', '))}), ${missesInAll} misses told; ${bytes.fromBoard} bytes from the board, ${bytes.toBoard} to it; seed ${test.seed}</p>`,
    timelinePlot(trace),
    histogramPlot('start of the job behind its release', trace.jitter),
    histogramPlot('from release to judged', trace.latency),
  );
  return paragraphs.join('');
}

const classOf = (verdict: string): string => verdict.replaceAll(' ', '-');
