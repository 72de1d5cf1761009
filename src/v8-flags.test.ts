import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { v8Flags } from './v8-flags.js';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the shebang and the scripts of npm have the same flags', () => {
  const flags = v8Flags.join(' ');
  expect(read('cli.ts').split('\n')[0]).toBe(`#!/usr/bin/env -S node ${flags}`);
  const { scripts } = JSON.parse(read('../package.json')) as { scripts: Record<string, string> };
  for (const name of ['start', 'bench', 'simulate']) expect(scripts[name]).toContain(`node ${flags} `);
});
