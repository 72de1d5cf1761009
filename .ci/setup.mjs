/** What `npm start`, `npm test` and `npm run bench` need before anything else: packages, a build, Debian's tools. No dependencies. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Debian packages and a file that shows that they are there. */
const debian = {
  gcc: '/usr/bin/gcc',
  'libc6-dev': '/usr/include/stdio.h',
  make: '/usr/bin/make',
  'gcc-arm-none-eabi': '/usr/bin/arm-none-eabi-gcc',
  'libnewlib-arm-none-eabi': '/usr/lib/arm-none-eabi/newlib/libc.a',
  'gcc-avr': '/usr/bin/avr-gcc',
  'avr-libc': '/usr/lib/avr/include/avr/io.h',
  'libsimavr-dev': '/usr/include/simavr/sim_avr.h',
  'libelf-dev': '/usr/include/libelf.h',
  mosquitto: '/usr/sbin/mosquitto',
  'mosquitto-clients': '/usr/bin/mosquitto_sub',
  socat: '/usr/bin/socat',
  chromium: '/usr/bin/chromium',
};

export class SetupError extends Error {}

/** Runs a command with its output shown; throws a SetupError that names it when it fails. */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (status !== 0)
    throw new SetupError(`${command} ${args.join(' ')} failed: ${error?.message ?? signal ?? `exit code ${status}`}`);
}

/** Runs only when the fingerprint differs from the one of the last time it succeeded. */
function once(stamp, fingerprint, say, work) {
  const file = join(root, stamp);
  if (existsSync(file) && readFileSync(file, 'utf8') === fingerprint) return;
  process.stderr.write(`tautline: ${say}\n`);
  work();
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, fingerprint);
}

export function ensurePackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const modules = `${lock} ${process.version.split('.')[0]}`;
  once('node_modules/.tautline-packages', modules, 'installing npm packages', () =>
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']),
  );
}

/** Compiles src to dist, and the dashboard to dist/web, when a source is newer than the last build. */
export function ensureBuild() {
  once('dist/.tautline-build', fingerprintOf(['src', 'package.json', 'tsconfig.json']), 'building', build);
}

export function build() {
  run(process.execPath, ['node_modules/typescript/bin/tsc']);
  bundle('dist/typebox.js');
  run(process.execPath, [
    'node_modules/vite/bin/vite.js',
    'build',
    '--logLevel',
    'warn',
    '--config',
    'src/web/vite.config.ts',
  ]);
}

/** Makes one file of a compiled one and the packages that it imports, in its place. */
function bundle(file) {
  const bundled = `${file}.bundled.js`;
  run(process.execPath, ['node_modules/rolldown/bin/cli.mjs', file, '-f', 'esm', '-m', '-o', bundled], {
    stdio: ['ignore', 'ignore', 2],
  });
  renameSync(join(root, bundled), join(root, file));
}

/**
 * Installs what is missing of Debian's packages when that is possible. Without a network, or with a package that cannot be had,
 * it says so: what needs none of them can still run.
 * @returns the packages that are still missing
 */
export function ensureDebian() {
  const missing = Object.keys(debian).filter((name) => !existsSync(debian[name]));
  if (missing.length === 0) return [];
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (!mayInstall) return missing;
  process.stderr.write(`tautline: installing Debian packages ${missing.join(' ')}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    run('apt-get', ['update', '-qq'], { env });
    // Without recommends, and without starting services: the tests run their own broker.
    run('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...missing], { env: { ...env, RUNLEVEL: '1' } });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`tautline: ${error.message}; going on without\n`);
  }
  return Object.keys(debian).filter((name) => !existsSync(debian[name]));
}

/**
 * What the tests need of C, each with its name and the arguments of `make`: without the cross compilers only what runs on this host.
 * @param missing as of `ensureDebian`
 */
export function testFirmware(missing) {
  const has = (...names) => !names.some((name) => missing.includes(name));
  const targets = has('gcc-arm-none-eabi', 'gcc-avr', 'avr-libc') ? ['wrap', 'defects'] : ['wrap-host'];
  return [
    ['firmware for the tests', ['-s', '-C', 'firmware', 'host', ...targets]],
    ...(has('libsimavr-dev', 'libelf-dev') ? [['the Uno in simavr', ['-s', '-C', 'hil-tests/simavr']]] : []),
  ];
}

function fingerprintOf(paths) {
  const hash = createHash('sha256').update(process.version);
  const visit = (path) => {
    const stat = statSync(path);
    if (!stat.isDirectory()) hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
    else for (const name of readdirSync(path).sort()) visit(join(path, name));
  };
  for (const path of paths) visit(join(root, path));
  return hash.digest('hex');
}

/** Ends the process with a message instead of a stack when set-up fails. */
export function orExplain(work) {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`tautline: ${error.message}\n`);
    process.exit(1);
  }
}
