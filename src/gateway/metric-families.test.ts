import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { AGREEING } from '../deadline/rate-doubt.js';
import { families } from './metric-families.js';

const source = fileURLToPath(new URL('..', import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !/\.(test|rig)\.ts$|metric-families/.test(name),
);
const names = new Set(
  files
    .flatMap((name) => readFileSync(join(source, name), 'utf8').match(/\btautline_[a-z_]+/g) ?? [])
    .map((name) => name.replace(/^(tautline_stage_seconds)_.*/, '$1')),
);

it('says what each metric is, and of no other', () => {
  expect([...names].sort()).toEqual(Object.keys(families).sort());
});

it('stands in docs/operations.md, each once and with its text', () => {
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const section = page.split(/^##+ /m).find((part) => part.startsWith('Metrics\n')) ?? '';
  const rows = [...section.matchAll(/^\| `(tautline_\w+)(?:\{[a-z,]+\})?` \| ([^|]+) \| /gm)];
  expect(rows.map(([, name, help]) => `${name}: ${help}.`).sort()).toEqual(
    Object.entries(families)
      .map(([name, [, help]]) => `${name}: ${help}`)
      .sort(),
  );
});

it('says how many pings have to agree', () => {
  const [, help] = families.tautline_clock_rate_changes_total!;
  expect([AGREEING, help]).toEqual([4, expect.stringContaining('four pings in a row')]);
});

it('calls a counter _total, and nothing else', () => {
  for (const [name, [kind]] of Object.entries(families))
    expect([name, kind === 'counter']).toEqual([name, name.endsWith('_total')]);
});
