/** `npm run bench`: set up, compile the benchmarks and the C programs that they compare with, run them in this process. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuild, ensureDebian, ensurePackages, orExplain, root, run, SetupError } from './setup.mjs';

const native = ['line-source', 'line-reader', 'bridge', 'subscriber', 'floor-probe', 'hog'];

/** They measure nothing beside a C program, and take no broker. */
const isWithoutNative = process.argv.slice(2).some((argument) => ['--list', 'link', 'compare'].includes(argument));

orExplain(() => {
  ensurePackages();
  ensureBuild();
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'benchmarks/tsconfig.json']);
  if (!isWithoutNative) buildNative();
});
await import('../dist/benchmarks/run.js');

function buildNative() {
  const missing = ensureDebian().filter((name) => ['gcc', 'libc6-dev', 'make', 'mosquitto'].includes(name));
  if (missing.length > 0)
    throw new SetupError(`the benchmarks need Debian packages; as root: apt-get install -y ${missing.join(' ')}`);
  run('make', ['-s', '-C', 'firmware', 'host']);
  mkdirSync(join(root, 'dist/benchmarks/native'), { recursive: true });
  for (const name of native) {
    const source = `benchmarks/native/${name}.c`;
    if (!existsSync(join(root, source))) throw new SetupError(`${source} is missing`);
    run('gcc', [
      '-O2',
      '-std=gnu99',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-pthread',
      '-o',
      `dist/benchmarks/native/${name}`,
      source,
    ]);
  }
}
