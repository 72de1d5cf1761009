/** The bridges that are compared, each started as its users start it, and what they were given. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { v8Flags } from '#dist/v8-flags.js';
import { likeTheLoop } from './priority.js';
import { freePort, NO_SETTINGS, Program, root, temporaryFolder } from './processes.js';
import { BOARD_BAUD } from './sources.js';

export interface RunningBridge {
  readonly program: Program;
  readonly httpPort: number;
}

export type Settings = Readonly<Record<string, string | number | boolean>>;

/** As `--set` takes them: what a benchmark changes of the defaults. */
export const setArguments = (settings: Settings): string[] =>
  Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);

/** The settings of every run: where things are, and every frame over MQTT too, which the peers publish as well. */
export function tautlineSettings(boardPort: string, httpPort: number, mqttPort: number): Settings {
  return {
    'board.path': boardPort,
    'board.baud': BOARD_BAUD,
    'http.port': httpPort,
    'mqtt.url': `mqtt://127.0.0.1:${mqttPort}`,
    'mqtt.frames': true,
  };
}

export const tautlineArguments = (settings: Settings, command: 'start' | 'gateway' = 'start'): string[] => [
  ...v8Flags,
  ...['dist/cli.js', command, '--config', NO_SETTINGS],
  ...setArguments(settings),
];

export async function startTautline(settings: Settings): Promise<RunningBridge> {
  const httpPort = Number(settings['http.port']);
  const program = Program.start(process.execPath, tautlineArguments(settings));
  await program.listening(httpPort);
  return { program, httpPort };
}

/** A gateway elsewhere, which has found its bridge. */
export async function startGateway(mqttPort: number): Promise<RunningBridge> {
  const httpPort = await freePort();
  const settings = { 'http.port': httpPort, 'mqtt.url': `mqtt://127.0.0.1:${mqttPort}` };
  const program = Program.start(process.execPath, tautlineArguments(settings, 'gateway'));
  await program.line(/follows bridge/);
  await program.listening(httpPort);
  return { program, httpPort };
}

export type Textbook = 'plain' | 'nodelay' | 'qos1';

export async function startTextbook(port: string, mqttPort: number, variant: Textbook): Promise<RunningBridge> {
  const httpPort = await freePort();
  const args = ['benchmarks/peers/textbook.mjs', port, String(httpPort), `mqtt://127.0.0.1:${mqttPort}`];
  const program = Program.start(process.execPath, variant === 'plain' ? args : [...args, variant]);
  await program.listening(httpPort);
  return { program, httpPort };
}

/** The floor of a bridge, in C, at the priority that our loop takes. @param mqttPort 0: without a broker */
export async function startFloor(port: string, mqttPort: number): Promise<RunningBridge> {
  const httpPort = await freePort();
  const args = [port, String(httpPort), String(mqttPort)];
  const program = Program.start(...likeTheLoop('dist/benchmarks/native/bridge', args));
  await program.line(/^ready/);
  return { program, httpPort };
}

const NODE_RED = join(root, 'benchmarks/peers/node-red');

/** Installs Node-RED from its own lockfile when it is not there. */
export function ensureNodeRed(): void {
  if (existsSync(join(NODE_RED, 'node_modules/node-red/package.json'))) return;
  process.stderr.write('   installing Node-RED (npm ci in benchmarks/peers/node-red)\n');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: NODE_RED, stdio: ['ignore', 'ignore', 'inherit'] });
}

/**
 * Serial in -> one function -> WebSocket out and MQTT out: the flow of its own examples. Clients connect to /frames.
 * @param first the outlet that a frame goes to first: the one that is measured
 */
export async function startNodeRed(
  port: string,
  mqttPort: number,
  first: 'websocket' | 'mqtt',
): Promise<RunningBridge> {
  ensureNodeRed();
  const httpPort = await freePort();
  const folder = temporaryFolder();
  const flow = readFileSync(join(NODE_RED, 'flow.json'), 'utf8')
    .replace('"SERIAL_PORT"', JSON.stringify(port))
    .replace('"MQTT_PORT"', JSON.stringify(String(mqttPort)))
    .replace('["websocket", "mqtt"]', JSON.stringify(first === 'mqtt' ? ['mqtt', 'websocket'] : ['websocket', 'mqtt']));
  writeFileSync(join(folder, 'flow.json'), flow);
  copyFileSync(join(NODE_RED, 'settings.cjs'), join(folder, 'settings.cjs'));
  const script = join(NODE_RED, 'node_modules/node-red/red.js');
  const args = [
    '--userDir',
    folder,
    '--settings',
    join(folder, 'settings.cjs'),
    '--port',
    String(httpPort),
    'flow.json',
  ];
  const program = Program.start(process.execPath, [script, ...args], { TAUTLINE_NODE_RED: NODE_RED });
  await program.line(/Started flows/);
  await program.listening(httpPort);
  return { program, httpPort };
}
