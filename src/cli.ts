#!/usr/bin/env -S node --no-memory-reducer --max-semi-space-size=2 --no-parallel-scavenge --v8-pool-size=2
/** The `tautline` command. Each subcommand is loaded only when it is used: `start` should not pay for `doctor`. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { exitCodes, UserError } from './exit-codes.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const collect = (value: string, before: string[]) => [...before, value];

const program = new Command('tautline')
  .description('Real-time controller bridge: every frame is held to its deadline, and every late frame has a culprit.')
  .version(version)
  .exitOverride()
  .showHelpAfterError('(run with --help for what there is)');

program
  .command('start')
  .description('run the bridge; without a configured board it starts an emulated Pico')
  .option('-c, --config <file>', 'settings file (default: tautline.toml if there is one)')
  .option('-s, --set <key=value>', 'one setting, such as http.port=8081; can be repeated', collect, [])
  .option('--once', 'end with exit code 3 or 4 when a port or the broker is absent, instead of waiting for it')
  .action(async (options) => (await import('./cli/start.js')).start(options));

program
  .command('demo')
  .description('run the bridge with the emulated Pico, whatever the settings file says of boards')
  .option('-s, --set <key=value>', 'one setting; can be repeated', collect, [])
  .action(async (options) => (await import('./cli/start.js')).start({ ...options, demo: true }));

program
  .command('gateway')
  .description('serve clients on another machine: follow a bridge over the broker of mqtt.url, without boards')
  .option('-c, --config <file>', 'settings file (default: tautline.toml if there is one)')
  .option('-s, --set <key=value>', 'one setting, such as mqtt.url=mqtt://broker:1883; can be repeated', collect, [])
  .action(async (options) => (await import('./cli/gateway.js')).gateway(options));

program
  .command('emulate')
  .description('run an emulated board on a pseudo-terminal and print its path')
  .argument('<board>', 'pico or uno')
  .option('--link <path>', 'symbolic link that leads to the port, also after a restart')
  .option('--image <file>', 'firmware image (.bin, of an Uno .hex) instead of the one that comes along')
  .option('--bootrom <file>', "a Pico's boot ROM (16 KiB), for an image that uses its functions")
  .option('--seed <number>', 'seed of everything random on the board (default: another one at each start)')
  .option('--parent-watch', 'end when standard input closes')
  .action(async (board, options) => (await import('./cli/emulate.js')).emulate(board, options));

for (const [name, description] of [
  ['arm', 'release the outputs of a board'],
  ['disarm', 'put the outputs of a board to their safe values'],
  ['rearm', 'clear the latched safe state of a board'],
  ['safe', 'trip a board now: outputs safe, latched'],
] as const) {
  program
    .command(name)
    .description(description)
    .argument('<board>', 'board id, such as pico')
    .option('--url <url>', 'of the running bridge', 'http://127.0.0.1:8080')
    .option('--token <token>', 'operator token, if the bridge wants one (default: TAUTLINE_HTTP_TOKEN)')
    .action(async (board, options) => (await import('./cli/board-command.js')).boardCommand(board, name, [], options));
}

program
  .command('send')
  .description("send one of the board's own commands")
  .argument('<board>', 'board id')
  .argument('<command>', "a command of the board's descriptor")
  .argument('[values...]', 'arguments in their units')
  .option('--url <url>', 'of the running bridge', 'http://127.0.0.1:8080')
  .option('--token <token>', 'operator token, if the bridge wants one (default: TAUTLINE_HTTP_TOKEN)')
  .action(async (board, name, values, options) =>
    (await import('./cli/board-command.js')).boardCommand(board, name, values, options),
  );

program
  .command('hil')
  .description('tests with a board in the loop')
  .command('init')
  .description('write a small project with tests for your own board')
  .argument('[dir]', 'folder to write to', 'board-tests')
  .action(async (dir) => (await import('./cli/hil-init.js')).hilInit(dir));

program
  .command('ports')
  .description('list serial ports and how to name them in the settings')
  .action(async () => (await import('./cli/ports.js')).ports());

program
  .command('doctor')
  .description('say what this machine can and cannot promise')
  .action(async () => (await import('./cli/doctor.js')).doctor());

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed its text already; help and version are no errors.
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  } else if (error instanceof UserError) {
    process.stderr.write(`tautline: ${error.message}\n`);
    process.exit(error.exitCode);
  } else {
    process.stderr.write(`tautline: unexpected: ${(error as Error)?.stack ?? error}\n`);
    process.exit(exitCodes.unexpected);
  }
}
