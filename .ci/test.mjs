/**
 * `npm test`: installs what it needs, builds, and runs every check. Arguments go to vitest (`npm test -- --project unit`).
 * Exit codes: 0 passed, 1 failed, 2 passed as far as it could run: the missing Debian packages are named.
 */
import { spawnSync } from 'node:child_process';
import { ensureBuild, ensureDebian, ensurePackages, orExplain, root, testFirmware } from './setup.mjs';

const vitestArguments = process.argv.slice(2);
const whole = vitestArguments.length === 0;

const missing = orExplain(() => {
  const stillMissing = ensureDebian();
  ensurePackages();
  ensureBuild();
  return stillMissing;
});

const node = process.execPath;
const checks = [
  ...(whole ? [['formatting and lint', node, ['node_modules/@biomejs/biome/bin/biome', 'check']]] : []),
  ...(whole
    ? [
        [
          'types of tests and benchmarks',
          node,
          ['node_modules/typescript/bin/tsc', '-p', 'hil-tests/tsconfig.json', '--noEmit'],
        ],
      ]
    : []),
  ...(whole
    ? [['types of the dashboard', node, ['node_modules/typescript/bin/tsc', '-p', 'src/web/tsconfig.json', '--noEmit']]]
    : []),
  ...(whole ? [['generated files', node, ['.ci/generate.mjs', '--check']]] : []),
  ...testFirmware(missing).map(([name, targets]) => [name, 'make', targets]),
  ...(whole ? [['firmware unit tests', 'make', ['-s', '-C', 'firmware', 'test']]] : []),
  ...(whole && !['gcc-arm-none-eabi', 'gcc-avr', 'avr-libc'].some((name) => missing.includes(name))
    ? [['firmware images', 'make', ['-s', '-C', 'firmware', 'images-check']]]
    : []),
  ['tests', node, ['node_modules/vitest/vitest.mjs', 'run', ...vitestArguments]],
];

const failed = [];
for (const [name, command, args] of checks) {
  process.stdout.write(`\n== ${name}\n`);
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, TAUTLINE_MISSING: missing.join(' ') },
  });
  if (status !== 0) failed.push(name);
}

if (failed.length > 0) process.stdout.write(`\nfailed: ${failed.join(', ')}\n`);
if (missing.length > 0) {
  process.stdout.write(`\nnot everything ran. As root: apt-get install -y ${missing.join(' ')}\n`);
}
process.exit(failed.length > 0 ? 1 : missing.length > 0 ? 2 : 0);
