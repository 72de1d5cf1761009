/** The package as users get it: packed, installed in an empty folder, started, imported. Takes the build as it is. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { clean, Program, root } from './bridge.rig.js';
import { PhoenixFrames } from './frames.rig.js';

/** A registry may take its time. */
const INSTALL_MS = 240_000;

const env = clean(process.env);
const folder = mkdtempSync(join(tmpdir(), 'tautline-package-'));
const app = join(folder, 'app');

function run(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** Why there is nothing to test: installing needs the registry. */
let offline = '';

beforeAll(() => {
  mkdirSync(app);
  run(root, 'npm', 'pack', '--ignore-scripts', '--pack-destination', folder);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
  try {
    run(app, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', join('..', tarball));
  } catch (error) {
    if (!/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/.test(String(error))) throw error;
    offline = 'the npm registry cannot be reached';
  }
}, INSTALL_MS);
beforeEach(({ skip }) => skip(offline !== '', offline));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('holds what runs and what is read, and no tests', () => {
  const files = readdirSync(join(app, 'node_modules/tautline'), { recursive: true, encoding: 'utf8' });
  for (const needed of [
    'dist/cli.js',
    'dist/web/index.html',
    'firmware/images/pico.bin',
    'docs/wire-protocol.md',
    'LICENSE',
  ])
    expect(files).toContain(needed);
  expect(files.filter((name) => /\.(test|rig)\.|^src|^\.ci/.test(name))).toEqual([]);
});

test('its demo shows a live board, serves the dashboard, and ends with exit code 0', async () => {
  const ports = ['--set', 'http.port=0', '--set', 'mqtt.port=0'];
  const demo = new Program(join(app, 'node_modules/.bin/tautline'), ['demo', ...ports], { cwd: app, env });
  try {
    const url = (await demo.says(/gateway: ready at (http:\S+)/))[1]!;
    await demo.says(/pico {2}streaming/);
    const client = new PhoenixFrames(url, 'pico');
    await client.more(100);
    client.close();
    expect(await (await fetch(url)).text()).toContain('<title>');
    expect(await demo.kill('SIGINT')).toEqual({ code: 0, signal: null });
  } finally {
    await demo.kill();
  }
});

test('npx finds the command', () => {
  expect(run(app, 'npx', '--no-install', 'tautline', '--version')).toMatch(/^\d+\.\d+\.\d+$/m);
});

test(
  'the project that it writes for tests of a board passes on the emulated one',
  () => {
    const { version } = JSON.parse(readFileSync(join(root, 'node_modules/vitest/package.json'), 'utf8'));
    run(app, 'npx', '--no-install', 'tautline', 'hil', 'init', 'board-tests');
    const project = join(app, 'board-tests');
    const { devDependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
    const tarball = readdirSync(project).find((name) => name.endsWith('.tgz'));
    expect(devDependencies.tautline).toBe(`file:${tarball}`);
    run(project, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', `vitest@${version}`);
    const reporters = ['--reporter=json', '--outputFile=result.json', '--reporter=tautline/hil/reporter'];
    run(project, 'npm', 'test', '--', ...reporters);
    const told = (file: string) => JSON.parse(readFileSync(join(project, file), 'utf8'));
    expect(told('result.json')).toMatchObject({ success: true, numPassedTests: 4 });
    expect(told('hil-artifacts/report.json')).toMatchObject({
      targets: ['pico'],
      verdicts: { fail: 0, inconclusive: 0 },
    });
    expect(readdirSync(join(project, 'hil-artifacts')).sort()).toEqual(['junit.xml', 'report.html', 'report.json']);
    expect(() => run(app, 'npx', '--no-install', 'tautline', 'hil', 'init', 'board-tests')).toThrow(
      /has package\.json, .* already/,
    );
  },
  INSTALL_MS,
);

test.each([
  ['tautline', 'startBridge'],
  ['tautline/client', 'connect'],
])('%s can be imported: %s', (specifier, name) => {
  const script = `import { ${name} } from '${specifier}'; process.stdout.write(typeof ${name});`;
  expect(run(app, process.execPath, '--input-type=module', '-e', script)).toBe('function');
});
