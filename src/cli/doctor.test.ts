import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { evidence, runtime } from './doctor.js';

test.each([
  ['18.20.4', 'problem'],
  ['20.18.3', 'problem'],
  ['20.19.0', 'ok'],
  ['22.12.0', 'ok'],
  ['26.2.0', 'ok'],
  ['26.3.0', 'problem'],
])('Node %s: %s', (version, level) => {
  expect(runtime(version).level).toBe(level);
});

test.each([
  ['812345678 1234567 42\n', 'ok'],
  ['0 0 0\n', 'note'],
  ['', 'note'],
])('schedstat says %j: %s', (text, level) => {
  const folder = mkdtempSync(join(tmpdir(), 'tautline-doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'schedstat');
  expect(evidence(file).level).toBe('note');
  writeFileSync(file, text);
  expect(evidence(file).level).toBe(level);
});
