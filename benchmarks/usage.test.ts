import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { compare } from './compare.js';
import { link, lostAfterMs } from './link.js';
import { checkWritable, explain, readArguments } from './usage.js';

async function told(work: () => unknown): Promise<readonly [string, number]> {
  try {
    await work();
  } catch (error) {
    return explain(error);
  }
  throw new Error('nothing was refused');
}

function fileOf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tautline-usage-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'file.json');
  writeFileSync(file, text);
  return file;
}

it.each([
  [['--smok'], /--smok/],
  [['--json'], /--json/],
  [['--seed', 'abc'], /--seed abc: give a whole number/],
  [['link', '--baud', '0'], /--baud 0: give a whole number, at least 1/],
  [['link', '--port', '/dev/x', '--json', 'a'], /--json means nothing to link/],
  [['compare', 'a', 'b', '--json', 'c'], /--json means nothing to compare/],
  [['compare', 'a', 'b', 'c'], /^c: compare takes no more/],
  [['link', 'ws1'], /^ws1: link takes no more/],
  [['--list', '--smoke'], /--smoke means nothing to --list/],
  [['--list', 'ws1'], /^ws1: --list takes no more/],
  [['ws1', '--port', '/dev/x'], /--port means nothing without link/],
  [['--smoke', '--full'], /give one of them/],
])('refuses %j with one line and exit code 2', async (args, text) => {
  const [message, exitCode] = await told(() => readArguments(args));
  expect(message).toMatch(text);
  expect(message).not.toContain('\n');
  expect(exitCode).toBe(2);
});

it('takes what belongs together', () => {
  expect(readArguments(['ws1', 'mqtt', '--smoke', '--seed', '7'])).toMatchObject({ smoke: true, seed: 7 });
  expect(readArguments(['link', '--port', '/dev/x'])).toMatchObject({ port: '/dev/x', baud: 921_600, seed: 1 });
  expect(readArguments(['compare', 'a', 'b']).positionals).toEqual(['compare', 'a', 'b']);
});

it('says before it measures that a file cannot be written, and leaves none behind', async () => {
  const file = fileOf('kept');
  const [message, exitCode] = await told(() => checkWritable([join(file, 'below.json')]));
  expect(message).toContain(`cannot write ${join(file, 'below.json')}`);
  expect(exitCode).toBe(2);
  expect(await told(() => checkWritable(['/proc/none/x.json']))).toMatchObject({ 1: 2 });
  expect(await told(() => checkWritable(['x.json', './x.json']))).toMatchObject({ 1: 2 });
  checkWritable([`${file}.new`, file]);
  expect(existsSync(`${file}.new`)).toBe(false);
  expect(readFileSync(file, 'utf8')).toBe('kept');
});

it('names a file of compare that is not there, or no result', async () => {
  expect(await told(() => compare('none.json', 'none.json'))).toEqual([
    'cannot read none.json: there is no such file',
    2,
  ]);
  for (const text of ['{}', 'no JSON', 'null']) {
    const file = fileOf(text);
    const [message, exitCode] = await told(() => compare(file, file));
    expect(message).toContain(`${file} is no result of --json`);
    expect(exitCode).toBe(2);
  }
});

it.each([
  ['/dev/ttyNONE', 'No port at /dev/ttyNONE'],
  ['/dev/null', 'not a serial port'],
])('names a port of link that cannot be used: %s', async (path, text) => {
  const [message, exitCode] = await told(() => link(path, 9600));
  expect(message).toContain(text);
  expect(exitCode).toBe(3);
});

it('keeps the stack of what nobody has foreseen', () => {
  const [message, exitCode] = explain(new Error('a bug'));
  expect(message).toContain('usage.test');
  expect(exitCode).toBe(1);
});

it('waits for an echo as long as its bytes take both ways at a slow rate', () => {
  expect(lostAfterMs(128, 921_600)).toBeCloseTo(503, 0);
  expect(lostAfterMs(128, 300)).toBeCloseTo(500 + 8533, 0);
});
